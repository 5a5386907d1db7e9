# How every target of the project is compiled.

# reluflow_target_options(target)
#
# C++20, reproducible floating point, and warnings, for our own code only: everything is PRIVATE and
# nothing reaches a consumer except the language standard.
function(reluflow_target_options target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF POSITION_INDEPENDENT_CODE ON)

  # A fused multiply-add rounds once where the source says twice; whether the compiler fuses depends
  # on the machine. Results must not.
  target_compile_options(${target} PRIVATE -ffp-contract=off)

  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wconversion -Wshadow)
  # Clang counts sign conversions among -Wconversion, g++ does not: one rule for both.
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:Clang>:-Wno-sign-conversion>)
  # g++ 12 sees overlapping copies in "text" + std::string where there are none (GCC PR 105329).
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    target_compile_options(${target} PRIVATE -Wno-restrict)
  endif()
  # OpenMP's pragmas are unknown wherever OpenMP is off, and harmless there.
  target_compile_options(${target} PRIVATE -Wno-unknown-pragmas)
  if(RELUFLOW_WARNINGS_AS_ERRORS)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
endfunction()

# reluflow_precompile(target header...)
#
# Headers of other libraries that most sources of the target include; none of ours, so that a missing
# #include of ours shows in every build. Does nothing unless RELUFLOW_PRECOMPILED_HEADERS is on.
function(reluflow_precompile target)
  if(RELUFLOW_PRECOMPILED_HEADERS)
    target_precompile_headers(${target} PRIVATE ${ARGN})
  endif()
endfunction()

# reluflow_add_room(name)
#
# One of the libraries lib, solvers, plots: target reluflow_<name>, alias and exported name
# reluflow::<name>, public headers in include/, sources and private headers in src/. The sources are
# listed by the caller with target_sources.
function(reluflow_add_room name)
  set(target reluflow_${name})
  add_library(${target})
  add_library(reluflow::${name} ALIAS ${target})
  reluflow_target_options(${target})
  target_include_directories(
    ${target}
    PUBLIC $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include>
           $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
    PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/src)
  # Before 1.0 a minor version may change the binary interface, so it belongs to the soname. Static
  # or shared, sources are compiled by the same commands.
  set_target_properties(
    ${target}
    PROPERTIES EXPORT_NAME ${name}
               DEFINE_SYMBOL ""
               VERSION ${PROJECT_VERSION}
               SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
  reluflow_precompile(${target} <Eigen/Dense> <fmt/format.h> <algorithm> <functional> <map> <string>
                      <vector>)
endfunction()

# reluflow_use_openmp(target): links OpenMP where it is wanted and found.
function(reluflow_use_openmp target)
  if(RELUFLOW_OPENMP AND OpenMP_CXX_FOUND)
    target_link_libraries(${target} PRIVATE OpenMP::OpenMP_CXX)
  endif()
endfunction()
