# Finds the header-only toml++ and defines tomlplusplus::headers.
#
# The package's own config, where a distribution ships one, links its compiled library; the headers
# alone leave nothing for a user of an installed reluflow to find.

find_path(TomlPlusPlus_INCLUDE_DIR toml++/toml.h)
mark_as_advanced(TomlPlusPlus_INCLUDE_DIR)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(TomlPlusPlus REQUIRED_VARS TomlPlusPlus_INCLUDE_DIR)

if(TomlPlusPlus_FOUND AND NOT TARGET tomlplusplus::headers)
  add_library(tomlplusplus::headers INTERFACE IMPORTED)
  set_target_properties(
    tomlplusplus::headers
    PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${TomlPlusPlus_INCLUDE_DIR}"
               INTERFACE_COMPILE_DEFINITIONS "TOML_HEADER_ONLY=1")
endif()
