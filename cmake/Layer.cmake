# incipit_layer(NAME SOURCES a.cc… [TESTS a_test.cc…] [PUBLIC x.h…] [DEPENDS lower-layer…] [LIBRARIES target…]
#               [TEST_LIBRARIES target…])
#
# One folder of src/ is one target, incipit_NAME. DEPENDS names the folders it may include from; each must
# have been added before it, so the graph can't have a cycle. PUBLIC names the headers of include/incipit/
# that the folder implements. tools/check_layers.py reads these calls and holds every #include against them.
function(incipit_layer name)
  cmake_parse_arguments(arg "" "" "SOURCES;TESTS;PUBLIC;DEPENDS;LIBRARIES;TEST_LIBRARIES" ${ARGN})
  set(target incipit_${name})
  add_library(${target} STATIC ${arg_SOURCES})
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR}/include PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(${target} PRIVATE incipit_warnings)
  foreach(dependency IN LISTS arg_DEPENDS)
    if(NOT TARGET incipit_${dependency})
      message(FATAL_ERROR "layer ${name} depends on ${dependency}, which is not below it")
    endif()
    target_link_libraries(${target} PUBLIC incipit_${dependency})
  endforeach()
  target_link_libraries(${target} PUBLIC ${arg_LIBRARIES})

  if(INCIPIT_TESTS AND arg_TESTS)
    add_executable(${name}_test ${arg_TESTS})
    target_include_directories(${name}_test PRIVATE ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(${name}_test PRIVATE ${target} ${arg_TEST_LIBRARIES} incipit_warnings GTest::gtest_main)
    target_compile_definitions(${name}_test PRIVATE INCIPIT_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    gtest_discover_tests(${name}_test DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 600)
  endif()
endfunction()
