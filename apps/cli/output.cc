#include "output.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <unistd.h>
#include <utility>

#include "console.h"
#include "descriptor.h"
#include "interrupt.h"

namespace incipit::cli {
namespace fs = std::filesystem;

struct Output::File {
  fs::path path;
  fs::path partial;  // empty for a device or pipe
  int descriptor = -1;
  std::optional<RemoveOnSignal> guard;

  ~File() {
    if (descriptor >= 0) ::close(descriptor);
    std::error_code error;
    if (!partial.empty()) fs::remove(partial, error);
  }
};

Output::Output(std::unique_ptr<File> file) : file_(std::move(file)) {}
Output::Output(Output&&) noexcept = default;
Output::~Output() = default;

Result<Output> Output::open(const std::string& path) {
  if (path.empty() || path == "-") return Output(nullptr);
  auto file = std::make_unique<File>();
  file->path = path;
  std::error_code error;
  const fs::file_status status = fs::status(file->path, error);
  if (fs::is_directory(status)) return fail("{}: is a folder, a file is needed", path);
  const bool special = fs::exists(status) && !fs::is_regular_file(status);
  if (!special) {
    if (file->path.has_parent_path()) fs::create_directories(file->path.parent_path(), error);
    file->partial =
        file->path.parent_path() / fmt::format(".{}.{}.partial", file->path.filename().string(), ::getpid());
    file->guard.emplace(file->partial);
  }
  const fs::path& target = special ? file->path : file->partial;
  file->descriptor = ::open(target.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file->descriptor < 0) return fail("{}: {}", path, std::strerror(errno));
  return Output(std::move(file));
}

Status Output::write(std::string_view text) {
  if (file_ == nullptr) return print_result(text);
  const int error = write_all(file_->descriptor, text);
  if (error != 0) return fail("{}: {}", file_->path.string(), std::strerror(error));
  return {};
}

Status Output::commit() {
  if (file_ == nullptr) return {};
  if (::close(std::exchange(file_->descriptor, -1)) != 0)
    return fail("{}: {}", file_->path.string(), std::strerror(errno));
  if (file_->partial.empty()) return {};
  std::error_code error;
  fs::rename(file_->partial, file_->path, error);
  if (error) return fail("{}: {}", file_->path.string(), error.message());
  file_->partial.clear();
  return {};
}

bool Output::wanted() const {
  return file_ != nullptr || results_wanted();
}

bool Output::is_file() const {
  std::error_code error;
  return file_ != nullptr && fs::is_regular_file(file_->path, error);
}

Status write_whole(const fs::path& path, std::string_view content) {
  INCIPIT_TRY(Output output, Output::open(path.string()));
  INCIPIT_CHECK(output.write(content));
  return output.commit();
}

Status check_writable_folder(const fs::path& path) {
  std::error_code error;
  fs::path existing = fs::absolute(path, error);
  while (!existing.empty() && !fs::exists(existing, error) && existing != existing.parent_path())
    existing = existing.parent_path();
  if (!fs::is_directory(existing, error))
    return fail("{}: cannot be made, {} is not a folder", path.string(), existing.string());
  if (::access(existing.c_str(), W_OK | X_OK) != 0)
    return fail("{}: cannot be written, {}: {}", path.string(), existing.string(), std::strerror(errno));
  return {};
}

}  // namespace incipit::cli
