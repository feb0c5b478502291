#include "formats/torch_zip.h"

#include <memory>
#include <utility>

#include <archive.h>
#include <archive_entry.h>

#include "formats/strict_json.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;

struct Free {
  void operator()(archive* reader) const { archive_read_free(reader); }
};
using Archive = std::unique_ptr<archive, Free>;

tl::unexpected<Error> damaged(archive* reader, const fs::path& file) {
  const char* reason = archive_error_string(reader);
  return fail("{}: damaged zip archive: {}", file.string(),
              quote_text(reason == nullptr ? "cannot be read" : reason));
}

/// The rest of the current entry; at most `limit` bytes.
Result<std::string> read_entry(archive* reader, std::size_t limit, const fs::path& file) {
  std::string content;
  char buffer[1 << 16];
  for (;;) {
    const la_ssize_t count = archive_read_data(reader, buffer, sizeof(buffer));
    if (count < 0) return damaged(reader, file);  // a wrong checksum too
    if (count == 0) return content;
    if (static_cast<std::size_t>(count) > limit - content.size())
      return fail("{}: a zip archive that is compressed; torch.save stores its files as they are",
                  file.string());
    content.append(buffer, static_cast<std::size_t>(count));
  }
}

}  // namespace

Result<std::map<std::string, std::string>> read_stored_zip(std::span<const std::byte> bytes,
                                                           const fs::path& file) {
  const Archive reader(archive_read_new());
  if (!reader) return fail("{}: out of memory", file.string());
  // By its central directory only: scanning for entries would accept an archive that is cut off.
  if (archive_read_support_format_zip_seekable(reader.get()) != ARCHIVE_OK ||
      archive_read_open_memory(reader.get(), bytes.data(), bytes.size()) != ARCHIVE_OK)
    return damaged(reader.get(), file);
  std::map<std::string, std::string> files;
  std::size_t left = bytes.size();
  for (;;) {
    archive_entry* entry = nullptr;
    const int status = archive_read_next_header(reader.get(), &entry);
    if (status == ARCHIVE_EOF) return files;
    if (status != ARCHIVE_OK) return damaged(reader.get(), file);
    const char* name = archive_entry_pathname(entry);
    if (name == nullptr) return fail("{}: a file in the zip archive has no usable name", file.string());
    const std::string path = name;
    INCIPIT_TRY(std::string content, read_entry(reader.get(), left, file));
    left -= content.size();
    if (!files.emplace(path, std::move(content)).second)
      return fail("{}: the zip archive holds {} twice", file.string(), quote_text(path));
  }
}

}  // namespace incipit
