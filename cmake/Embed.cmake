# incipit_embed(HEADER kName file [kOther file…])
#
# Puts files of the current folder into the library as C strings: writes embedded.cc into the current binary
# folder, which defines what HEADER declares. The folder's target lists ${CMAKE_CURRENT_BINARY_DIR}/embedded.cc.
function(incipit_embed header)
  set(code "#include \"${header}\"\n\nnamespace incipit {\n\n")
  while(ARGN)
    list(POP_FRONT ARGN name file)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    file(READ ${file} content)
    string(APPEND code "const char* const ${name} = R\"embedded(${content})embedded\";\n")
  endwhile()
  string(APPEND code "\n}  // namespace incipit\n")
  # Left alone where nothing has changed.
  file(CONFIGURE OUTPUT embedded.cc CONTENT "@code@" @ONLY)
endfunction()
