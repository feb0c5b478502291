add_library(incipit_warnings INTERFACE)
target_compile_options(incipit_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)  # false alarms of GCC 12 on std::string (its bug 105651)
option(INCIPIT_WERROR "Treat warnings as errors" OFF)
if(INCIPIT_WERROR)
  target_compile_options(incipit_warnings INTERFACE -Werror)
endif()
