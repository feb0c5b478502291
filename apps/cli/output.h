#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "incipit/result.h"

namespace incipit::cli {

/// Where a command's results go: stdout, or a file that is whole or absent (written beside its place and
/// renamed by commit(); removed without it). Devices and pipes are written as they are.
class Output {
 public:
  /// An empty path or "-" is stdout. Missing parent folders are made.
  static Result<Output> open(const std::string& path);

  Output(Output&&) noexcept;
  Output& operator=(Output&&) = delete;
  ~Output();

  Status write(std::string_view text);
  Status commit();
  /// False once the reader of stdout has gone.
  bool wanted() const;
  /// Whether this is a regular file, beside which more can be written.
  bool is_file() const;

 private:
  struct File;
  explicit Output(std::unique_ptr<File> file);
  std::unique_ptr<File> file_;  // none: stdout
};

/// A whole small file, whole or absent.
Status write_whole(const std::filesystem::path& path, std::string_view content);

/// Whether a new folder could be made or filled at `path`; called before hours of work for it.
Status check_writable_folder(const std::filesystem::path& path);

}  // namespace incipit::cli
