#pragma once

namespace incipit {

/// Files of this folder that the build puts into the library: page.html and page.css.
extern const char* const kPageTemplate;
extern const char* const kPageStyle;

}  // namespace incipit
