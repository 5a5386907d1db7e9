# Install rules: the libraries, their headers, the command, a CMake package and a pkg-config file.
#
# Each room is an export set of its own, so that find_package(reluflow COMPONENTS lib) looks for the
# dependencies of lib and of nothing else.
include(CMakePackageConfigHelpers)

set(RELUFLOW_INSTALL_CMAKEDIR "${CMAKE_INSTALL_LIBDIR}/cmake/reluflow")

foreach(room IN ITEMS lib solvers plots)
  install(TARGETS reluflow_${room} EXPORT reluflow-${room})
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/${room}/include/
          DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
          FILES_MATCHING PATTERN "*.hpp")
endforeach()
install(DIRECTORY ${PROJECT_BINARY_DIR}/lib/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS reluflow EXPORT reluflow-reluflow)

foreach(part IN ITEMS lib solvers plots reluflow)
  install(EXPORT reluflow-${part}
          FILE reluflow-${part}-targets.cmake
          NAMESPACE reluflow::
          DESTINATION ${RELUFLOW_INSTALL_CMAKEDIR})
endforeach()

if(TARGET reluflow_app)
  file(RELATIVE_PATH _bin_to_lib "/${CMAKE_INSTALL_BINDIR}" "/${CMAKE_INSTALL_LIBDIR}")
  set_target_properties(reluflow_app PROPERTIES INSTALL_RPATH "$ORIGIN/${_bin_to_lib}")
  install(TARGETS reluflow_app)
endif()

# A static library hands its own dependencies on to whoever links it; a shared one keeps them.
get_target_property(_type reluflow_lib TYPE)
if(_type STREQUAL "STATIC_LIBRARY")
  set(RELUFLOW_STATIC ON)
  set(RELUFLOW_PC_REQUIRES "eigen3 fmt libzip")
  set(RELUFLOW_PC_LIBS "-lboost_iostreams -lboost_filesystem")
  if(RELUFLOW_OPENMP AND OpenMP_CXX_FOUND)
    set(RELUFLOW_STATIC_OPENMP ON)
    string(APPEND RELUFLOW_PC_LIBS " ${OpenMP_CXX_FLAGS}")
  endif()
else()
  set(RELUFLOW_STATIC OFF)
  set(RELUFLOW_PC_REQUIRES "eigen3")
  set_target_properties(reluflow_solvers reluflow_plots PROPERTIES INSTALL_RPATH "$ORIGIN")
endif()

configure_package_config_file(
  ${PROJECT_SOURCE_DIR}/cmake/reluflow-config.cmake.in ${PROJECT_BINARY_DIR}/reluflow-config.cmake
  INSTALL_DESTINATION ${RELUFLOW_INSTALL_CMAKEDIR} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(
  ${PROJECT_BINARY_DIR}/reluflow-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/reluflow-config.cmake
              ${PROJECT_BINARY_DIR}/reluflow-config-version.cmake
              ${PROJECT_SOURCE_DIR}/cmake/Findlibzip.cmake
        DESTINATION ${RELUFLOW_INSTALL_CMAKEDIR})

# Relative to where the file lies, so that an installed tree may be moved.
file(RELATIVE_PATH RELUFLOW_PC_TO_PREFIX "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
string(REGEX REPLACE "/$" "" RELUFLOW_PC_TO_PREFIX "${RELUFLOW_PC_TO_PREFIX}")
configure_file(${PROJECT_SOURCE_DIR}/cmake/reluflow.pc.in ${PROJECT_BINARY_DIR}/reluflow.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/reluflow.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/CITATION.cff
        DESTINATION ${CMAKE_INSTALL_DOCDIR})
