#pragma once

#include <filesystem>
#include <memory>

#include "incipit/dataset.h"

namespace incipit {

/// Whether a folder holds .pos or .neg files.
bool is_pos_neg_folder(const std::filesystem::path& folder);

/// The lines of the folder's .pos files, in the order of their names, labelled "positive", then those of its
/// .neg files, labelled "negative"; their ids count lines over all of the files.
Result<std::unique_ptr<ExampleReader>> open_pos_neg(const std::filesystem::path& folder,
                                                    const DataOptions& options);

}  // namespace incipit
