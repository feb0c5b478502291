#pragma once

namespace incipit {

/// Files of this folder that the build puts into the library: catalogue.json and sdist_backend.py.
extern const char* const kCatalogueJson;
extern const char* const kSdistBackend;

}  // namespace incipit
