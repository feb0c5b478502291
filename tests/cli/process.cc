#include "process.h"

#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <sys/wait.h>
#include <unistd.h>

namespace incipit {
namespace {

constexpr unsigned kLongestSeconds = 120;

void redirect(const std::filesystem::path& file, int flags, int descriptor) {
  const int opened = ::open(file.c_str(), flags, 0600);
  if (opened < 0 || ::dup2(opened, descriptor) < 0) ::_exit(126);
}

[[noreturn]] void become_incipit(const std::vector<std::string>& arguments, const Streams& streams) {
  redirect(streams.folder / "stdin", O_RDONLY, STDIN_FILENO);
  redirect(streams.folder / "stderr", O_WRONLY | O_CREAT | O_TRUNC, STDERR_FILENO);
  if (streams.out >= 0)
    ::dup2(streams.out, STDOUT_FILENO);
  else
    redirect(streams.folder / "stdout", O_WRONLY | O_CREAT | O_TRUNC, STDOUT_FILENO);
  std::vector<char*> argv{const_cast<char*>("incipit")};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  ::setenv("INCIPIT_CACHE", (streams.folder / "cache").c_str(), 1);
  ::alarm(kLongestSeconds);
  ::execv(INCIPIT_BINARY, argv.data());
  ::_exit(127);
}

}  // namespace

Process::Process(const std::vector<std::string>& arguments, const Streams& streams)
    : folder_(streams.folder) {
  std::filesystem::create_directories(folder_);
  spill(folder_ / "stdin", streams.input);
  spill(folder_ / "stdout", "");
  pid_ = ::fork();
  if (pid_ == 0) become_incipit(arguments, streams);
}

void Process::interrupt() const {
  ::kill(pid_, SIGINT);
}

std::string Process::output_so_far() const {
  return slurp(folder_ / "stdout");
}

bool Process::is_running() {
  if (!ended_) ended_ = ::waitpid(pid_, &status_, WNOHANG) != 0;
  return !ended_;
}

Outcome Process::wait() {
  if (!ended_) ::waitpid(pid_, &status_, 0);
  ended_ = true;
  Outcome outcome;
  outcome.code = WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
  outcome.out = slurp(folder_ / "stdout");
  outcome.err = slurp(folder_ / "stderr");
  return outcome;
}

std::string slurp(const std::filesystem::path& file) {
  std::ifstream input(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(input), {}};
}

void spill(const std::filesystem::path& file, const std::string& content) {
  std::ofstream(file, std::ios::binary) << content;
}

}  // namespace incipit
