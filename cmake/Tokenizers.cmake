# incipit_tokenizers_rust: the crate in rust/tokenizers, built by cargo into the build folder. After one
# `cargo fetch --locked` there, which fills cargo's own cache, it builds offline.
set(INCIPIT_CARGO_MINIMUM 1.85)

function(incipit_cargo_is_new_enough result candidate)
  execute_process(COMMAND ${candidate} --version OUTPUT_VARIABLE version ERROR_QUIET RESULT_VARIABLE code)
  string(REGEX MATCH "[0-9]+\\.[0-9]+\\.[0-9]+" version "${version}")
  if(NOT code EQUAL 0 OR NOT version OR version VERSION_LESS INCIPIT_CARGO_MINIMUM)
    set(${result} FALSE PARENT_SCOPE)
  endif()
endfunction()

# PATH first, where the scripts put the cargo that they chose. Debian 12's packages cargo-web and rustc-web install
# /usr/bin/cargo and /usr/bin/rustc, as its older ones do.
find_program(INCIPIT_CARGO cargo PATHS $ENV{HOME}/.cargo/bin
  VALIDATOR incipit_cargo_is_new_enough DOC "cargo of Rust ${INCIPIT_CARGO_MINIMUM} or newer")
if(NOT INCIPIT_CARGO)
  message(FATAL_ERROR
    "cargo ${INCIPIT_CARGO_MINIMUM} or newer is needed for the tokenizers and was not found. On Debian 12: "
    "`apt install cargo-web` (the plain cargo package is too old); elsewhere the system's cargo or "
    "https://rustup.rs. Or set -DINCIPIT_CARGO=/path/to/cargo.")
endif()

# A cargo calls the first rustc in PATH, which may be another installation's; they are made for each other.
get_filename_component(cargo_folder ${INCIPIT_CARGO} DIRECTORY)
set(use_rustc "")
if(EXISTS ${cargo_folder}/rustc)
  set(use_rustc RUSTC=${cargo_folder}/rustc)
endif()

set(tokenizers_source ${PROJECT_SOURCE_DIR}/rust/tokenizers)
set(tokenizers_target ${PROJECT_BINARY_DIR}/rust/tokenizers)
set(tokenizers_library ${tokenizers_target}/release/libincipit_tokenizers.a)
file(GLOB tokenizers_files CONFIGURE_DEPENDS ${tokenizers_source}/src/*.rs)

# The bundled oniguruma, whatever the environment says, so that every build splits words alike.
add_custom_command(
  OUTPUT ${tokenizers_library}
  COMMAND ${CMAKE_COMMAND} -E env RUSTONIG_SYSTEM_LIBONIG=0 RUSTONIG_DYNAMIC_LIBONIG=0 ${use_rustc}
          ${INCIPIT_CARGO} build --release --locked --quiet
          --manifest-path ${tokenizers_source}/Cargo.toml --target-dir ${tokenizers_target}
  # cargo leaves a library that it finds up to date as old as it was.
  COMMAND ${CMAKE_COMMAND} -E touch_nocreate ${tokenizers_library}
  DEPENDS ${tokenizers_files} ${tokenizers_source}/Cargo.toml ${tokenizers_source}/Cargo.lock
  COMMENT "Building the Rust tokenizers (a few minutes the first time)"
  USES_TERMINAL VERBATIM)
add_custom_target(incipit_tokenizers_build DEPENDS ${tokenizers_library})

find_package(Threads REQUIRED)
add_library(incipit_tokenizers_rust STATIC IMPORTED GLOBAL)
set_target_properties(incipit_tokenizers_rust PROPERTIES IMPORTED_LOCATION ${tokenizers_library})
target_link_libraries(incipit_tokenizers_rust INTERFACE Threads::Threads ${CMAKE_DL_LIBS} m)
add_dependencies(incipit_tokenizers_rust incipit_tokenizers_build)
