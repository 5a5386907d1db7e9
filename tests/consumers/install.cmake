# Installs a build into an empty prefix, so that no header of yesterday is found there.
#     cmake -D BUILD=<build tree> -D CONFIG=<configuration> -D PREFIX=<directory> -P install.cmake
file(REMOVE_RECURSE ${PREFIX})
execute_process(
  COMMAND ${CMAKE_COMMAND} --install ${BUILD} --config ${CONFIG} --prefix ${PREFIX}
  OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
