#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "incipit/result.h"

namespace incipit {

/// What a record is found by: a hash of what it belongs to.
struct ActivationKey {
  std::uint64_t high = 0, low = 0;
  bool operator==(const ActivationKey&) const = default;
};

/// An append-only file of records, which any number of processes read and write at once: appending takes a
/// lock on the file that nobody waits for, reading takes none. Headers and contents have checksums, so that
/// what a killed writer, a full disk or a flipped bit left is passed over and never read.
///
/// Layout, in the machine's byte order: a header with the subject, then records, each a header and its
/// content; everything starts at a multiple of 64 bytes.
class ActivationFile {
 public:
  struct Record {
    ActivationKey key;
    std::span<const std::byte> content;
  };
  /// Bytes that a record takes besides its content, at most.
  static constexpr std::int64_t kMostOverhead = 127;
  enum class Appended { all, none_busy, not_all_full };

  /// Opens the file, or makes it. `subject` says what the contents are of: a file of another one, or without
  /// a whole header, is replaced by an empty one, and `warn` told so. A file that may only be read is.
  static Result<ActivationFile> open(const std::filesystem::path& path, std::string_view subject,
                                     const std::function<void(const std::string&)>& warn);

  ActivationFile(ActivationFile&&) noexcept;
  ActivationFile& operator=(ActivationFile&&) noexcept;
  ~ActivationFile();

  /// The content under a key, valid until the next call; without data where there is none that is whole.
  std::span<const std::byte> find(ActivationKey key);

  /// Takes in what was appended since, by whomever; nothing while somebody appends.
  void refresh();

  /// Appends those that are not there, as long as the file stays within `max_bytes`. Does nothing while
  /// another process appends, or where the file may only be read. Fails on the system's errors.
  Result<Appended> append(std::span<const Record> records, std::int64_t max_bytes);

  std::int64_t size() const;
  bool is_writable() const;

 private:
  struct State;
  explicit ActivationFile(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace incipit
