#pragma once

#include <filesystem>
#include <string>

#include "incipit/result.h"
#include "incipit/sweep.h"

namespace incipit::cli {

/// Where a sweep keeps what it makes.
struct SweepFolder {
  std::filesystem::path root;
  std::filesystem::path trials() const { return root / "trials"; }
  std::filesystem::path adapters() const { return root / "adapters"; }
  std::filesystem::path best() const { return root / "best"; }
};

/// Table or JSON of a sweep to stdout; sweep.json, comparison.json, page.html and run.toml (`flags`) beside.
Status write_sweep(const SweepResult& sweep, const SweepFolder& folder, const std::string& flags,
                   bool as_json);

/// Makes best() a copy of an adapter with the flags that train it (run.toml), whole or not at all.
Status keep_best(const std::filesystem::path& adapter, const std::string& flags, const SweepFolder& folder);

}  // namespace incipit::cli
