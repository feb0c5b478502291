#include "sweep_output.h"

#include <system_error>

#include "console.h"
#include "output.h"

namespace incipit::cli {

namespace fs = std::filesystem;

Status write_sweep(const SweepResult& sweep, const SweepFolder& folder, const std::string& flags,
                   bool as_json) {
  const std::string json = sweep_to_json(sweep);
  INCIPIT_CHECK(write_whole(folder.root / "sweep.json", json));
  INCIPIT_CHECK(write_whole(folder.root / "comparison.json", comparison_to_json(sweep.validation)));
  INCIPIT_CHECK(write_whole(folder.root / "page.html", comparison_page(sweep.validation)));
  INCIPIT_CHECK(write_whole(folder.root / "run.toml", flags));
  return print_result(as_json ? json : format_sweep(sweep));
}

Status keep_best(const fs::path& adapter, const std::string& flags, const SweepFolder& folder) {
  const fs::path made = folder.root / "best.partial";
  std::error_code error;
  fs::remove_all(made, error);
  fs::copy(adapter, made, error);
  if (error) return fail("{}: cannot be copied to {}: {}", adapter.string(), made.string(), error.message());
  INCIPIT_CHECK(write_whole(made / "run.toml", flags));
  fs::remove_all(folder.best(), error);
  fs::rename(made, folder.best(), error);
  if (error) return fail("{}: cannot be written: {}", folder.best().string(), error.message());
  return {};
}

}  // namespace incipit::cli
