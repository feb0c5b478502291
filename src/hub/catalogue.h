#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "incipit/hub.h"
#include "incipit/result.h"

#include "hub/snippets.h"

namespace incipit {

/// One file to take out of a download.
struct Member {
  /// Its name in the archive; where there are several, each but the last names an archive inside the one
  /// before.
  std::vector<std::string> path;
  std::string target;       // file name in the entry's folder
  std::uint64_t bytes = 0;  // exact size in the archive
  /// Where set, the member is a file of rated snippets with these counts, and is converted.
  std::optional<SnippetCounts> rated_snippets;
};

/// A file of the Python package index that holds what an entry needs.
struct Source {
  std::string package;
  std::string version;
  std::string file;
  std::uint64_t bytes = 0;
  std::string sha256;  // 64 lower-case hex digits
  std::vector<Member> members;

  bool is_wheel() const { return file.ends_with(".whl"); }
};

struct CatalogueItem {
  CatalogueEntry entry;
  std::vector<Source> sources;  // in the order in which they are tried; at least one
};

/// Reads a catalogue; `name` stands in messages. Names, file names and member paths that could lead out of a
/// folder, or into pip's requirements syntax, are refused.
Result<std::vector<CatalogueItem>> parse_catalogue(std::string_view json, std::string_view name);

/// The catalogue that is built in.
Result<std::vector<CatalogueItem>> embedded_catalogue();

}  // namespace incipit
