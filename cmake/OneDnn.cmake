# oneDNN by header and library: Debian's package config asks for OpenCL's headers, which the CPU does not need.
find_path(ONEDNN_INCLUDE_DIR oneapi/dnnl/dnnl.hpp REQUIRED)
find_library(ONEDNN_LIBRARY dnnl REQUIRED)
add_library(incipit_onednn INTERFACE)
target_include_directories(incipit_onednn SYSTEM INTERFACE ${ONEDNN_INCLUDE_DIR})
target_link_libraries(incipit_onednn INTERFACE ${ONEDNN_LIBRARY})
