# What the libraries and the command need. Tests and benchmarks find their own frameworks.

find_package(Eigen3 3.4 CONFIG REQUIRED)
find_package(fmt CONFIG REQUIRED)
find_package(nlohmann_json CONFIG REQUIRED)
find_package(Boost 1.74 CONFIG REQUIRED COMPONENTS iostreams filesystem)
find_package(TomlPlusPlus REQUIRED)
find_package(Spectra 1.0 CONFIG REQUIRED)
find_package(libzip MODULE REQUIRED)
find_package(GnuplotIostream REQUIRED)

if(RELUFLOW_BUILD_APP OR RELUFLOW_BUILD_EXAMPLES)
  find_package(CLI11 CONFIG REQUIRED)
endif()

if(RELUFLOW_OPENMP)
  find_package(OpenMP COMPONENTS CXX)
  if(NOT OpenMP_CXX_FOUND)
    message(STATUS "reluflow: OpenMP not found, the kernels run on one thread")
  endif()
endif()
