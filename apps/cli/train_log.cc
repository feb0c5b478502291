#include "train_log.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "console.h"
#include "descriptor.h"

namespace incipit::cli {

Result<TrainLog> TrainLog::open(const std::string& path) {
  if (path.empty()) return TrainLog(path, -1);
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  std::error_code error;
  if (!parent.empty()) std::filesystem::create_directories(parent, error);
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
  if (descriptor < 0) return fail("--log {}: {}", path, std::strerror(errno));
  return TrainLog(path, descriptor);
}

TrainLog::TrainLog(TrainLog&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

TrainLog::~TrainLog() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void TrainLog::write(std::string_view line) {
  if (descriptor_ < 0) return;
  const int error = write_all(descriptor_, fmt::format("{}\n", line));
  if (error == 0) return;
  print_warning(fmt::format("--log {}: {}; the log ends here", path_, std::strerror(error)));
  ::close(std::exchange(descriptor_, -1));
}

}  // namespace incipit::cli
