#pragma once

#include <filesystem>
#include <string>
#include <sys/types.h>
#include <vector>

namespace incipit {

/// How the program ended and what it wrote.
struct Outcome {
  int code = -1;  // 128 + the signal that ended it
  std::string out;
  std::string err;
};

/// Where the program's streams go; files, so that no pipe can block.
struct Streams {
  std::filesystem::path folder;  // for the files; one running process a folder
  std::string input;
  int out = -1;  // a descriptor in place of the file
};

/// A running `incipit`, killed after two minutes.
class Process {
 public:
  Process(const std::vector<std::string>& arguments, const Streams& streams);

  void interrupt() const;
  /// What it has written to stdout so far.
  std::string output_so_far() const;
  bool is_running();
  Outcome wait();

 private:
  std::filesystem::path folder_;
  pid_t pid_ = -1;
  int status_ = 0;
  bool ended_ = false;
};

std::string slurp(const std::filesystem::path& file);
void spill(const std::filesystem::path& file, const std::string& content);

}  // namespace incipit
