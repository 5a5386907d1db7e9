# What holds for the whole tree when reluflow is the top-level project. An embedding project decides
# these things itself.

get_property(_multi_config GLOBAL PROPERTY GENERATOR_IS_MULTI_CONFIG)
if(NOT _multi_config AND NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()

# Sanitizers concern every object and every link of a program, so they are set for the directory
# tree and never travel with an exported target.
if(RELUFLOW_SANITIZERS)
  list(JOIN RELUFLOW_SANITIZERS "," _sanitizers)
  set(RELUFLOW_SANITIZER_FLAGS
      "-fsanitize=${_sanitizers}" "-fno-sanitize-recover=all" "-fno-omit-frame-pointer")
  add_compile_options(${RELUFLOW_SANITIZER_FLAGS})
  add_link_options(${RELUFLOW_SANITIZER_FLAGS})
endif()

# A fuzzer finds its way by seeing which branches its inputs take, in every object.
if(RELUFLOW_BUILD_FUZZERS)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "RELUFLOW_BUILD_FUZZERS needs Clang: libFuzzer is part of it (the preset \"fuzz\")")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
