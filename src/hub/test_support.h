#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <vector>

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>

#include "hub/catalogue.h"
#include "hub/sha256.h"

namespace incipit::testing {

/// A folder of its own for each test, removed afterwards.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "incipit-hub-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Sets an environment variable for a scope.
class ScopedVariable {
 public:
  ScopedVariable(const char* name, const std::string& value) : name_(name) {
    if (const char* old = std::getenv(name)) {
      old_ = old;
      was_set_ = true;
    }
    ::setenv(name, value.c_str(), 1);
  }
  ScopedVariable(const ScopedVariable&) = delete;
  ScopedVariable& operator=(const ScopedVariable&) = delete;
  ~ScopedVariable() { was_set_ ? ::setenv(name_, old_.c_str(), 1) : ::unsetenv(name_); }

 private:
  const char* name_;
  std::string old_;
  bool was_set_ = false;
};

struct ArchiveFile {
  std::string name;
  std::string content;
  unsigned int type = AE_IFREG;
};

enum class ArchiveKind { zip, tar_gz };

/// Writes an archive as given, whatever its names are.
inline void write_archive(const std::filesystem::path& path, ArchiveKind kind,
                          const std::vector<ArchiveFile>& files) {
  archive* out = archive_write_new();
  if (kind == ArchiveKind::zip) {
    archive_write_set_format_zip(out);
  } else {
    archive_write_set_format_ustar(out);
    archive_write_add_filter_gzip(out);
  }
  ASSERT_EQ(archive_write_open_filename(out, path.c_str()), ARCHIVE_OK);
  for (const ArchiveFile& file : files) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, file.name.c_str());
    archive_entry_set_filetype(entry, file.type);
    archive_entry_set_perm(entry, 0644);
    if (file.type == AE_IFREG) archive_entry_set_size(entry, static_cast<la_int64_t>(file.content.size()));
    if (file.type == AE_IFLNK) archive_entry_set_symlink(entry, file.content.c_str());
    ASSERT_EQ(archive_write_header(out, entry), ARCHIVE_OK) << archive_error_string(out);
    if (file.type == AE_IFREG) {
      ASSERT_EQ(archive_write_data(out, file.content.data(), file.content.size()), std::ssize(file.content));
    }
    archive_entry_free(entry);
  }
  ASSERT_EQ(archive_write_close(out), ARCHIVE_OK);
  archive_write_free(out);
}

inline std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void write_content(const std::filesystem::path& path, const std::string& content) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << content;
}

/// Writes an executable /bin/sh script.
inline void write_script(const std::filesystem::path& path, const std::string& body) {
  write_content(path, "#!/bin/sh\n" + body);
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
}

/// File names in a folder and below it, sorted; hidden ones too.
inline std::vector<std::string> files_below(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_directory()) names.push_back(std::filesystem::relative(entry.path(), folder).string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// A model of two files in a wheel, which is written to `wheel`.
inline CatalogueItem toy_model(const std::filesystem::path& wheel) {
  write_archive(
      wheel, ArchiveKind::zip,
      {{"toy/model/config.json", "{}"}, {"toy/model/weights", "0123456789"}, {"toy/__init__.py", "raise"}});
  Source source{.package = "toy",
                .version = "1.0",
                .file = "toy-1.0-py3-none-any.whl",
                .bytes = 1,
                .sha256 = "",
                .members = {}};
  source.sha256 = sha256_of(wheel).value();
  source.members = {
      {.path = {"toy/model/config.json"}, .target = "config.json", .bytes = 2, .rated_snippets = {}},
      {.path = {"toy/model/weights"}, .target = "weights", .bytes = 10, .rated_snippets = {}}};
  return {.entry = {"toy", "model", "a toy"}, .sources = {source}};
}

}  // namespace incipit::testing
