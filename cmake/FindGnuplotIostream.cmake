# Finds gnuplot-iostream.h and defines gnuplot_iostream::headers. The Boost libraries that the header
# calls (iostreams, filesystem) are linked by the one target that includes it.

find_path(GnuplotIostream_INCLUDE_DIR gnuplot-iostream.h)
mark_as_advanced(GnuplotIostream_INCLUDE_DIR)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(GnuplotIostream REQUIRED_VARS GnuplotIostream_INCLUDE_DIR)

if(GnuplotIostream_FOUND AND NOT TARGET gnuplot_iostream::headers)
  add_library(gnuplot_iostream::headers INTERFACE IMPORTED)
  set_target_properties(
    gnuplot_iostream::headers PROPERTIES INTERFACE_INCLUDE_DIRECTORIES
                                         "${GnuplotIostream_INCLUDE_DIR}")
endif()
