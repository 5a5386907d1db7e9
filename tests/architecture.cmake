# The arrows between the rooms run one way, and public headers show no private dependency. Run as
#     cmake -D ROOT=<source tree> -P architecture.cmake
cmake_minimum_required(VERSION 3.22)

set(violations 0)

# forbid(<regex of an included path> <why> <directory>...)
function(forbid what why)
  set(found ${violations})
  foreach(directory IN LISTS ARGN)
    file(GLOB_RECURSE files ${ROOT}/${directory}/*.hpp ${ROOT}/${directory}/*.cpp)
    foreach(file IN LISTS files)
      file(STRINGS ${file} lines REGEX "^[ \t]*#[ \t]*include[ \t]*[<\"](${what})")
      foreach(line IN LISTS lines)
        file(RELATIVE_PATH name ${ROOT} ${file})
        message(NOTICE "${name}: ${line}: ${why}")
        math(EXPR found "${found} + 1")
      endforeach()
    endforeach()
  endforeach()
  set(violations ${found} PARENT_SCOPE)
endfunction()

forbid("reluflow/solvers/" "lib knows no solver" lib)
forbid("reluflow/plots/" "lib knows no plot" lib)
forbid("reluflow/plots/" "solvers know no plot" solvers)
forbid("reluflow/solvers/" "plots know no solver" plots)
forbid("boost/numeric/odeint" "Odeint lives in solvers/src" lib plots app solvers/include)
forbid("gnuplot-iostream" "gnuplot lives in plots/src" lib solvers app plots/include)
# An installed reluflow asks its users for Eigen and nothing else.
forbid("boost/|cereal/|fmt/|nlohmann/|toml|zip\\.h|CLI/|omp\\.h" "a private dependency in a public header"
       lib/include solvers/include plots/include)

if(violations GREATER 0)
  message(FATAL_ERROR "${violations} includes break the architecture")
endif()
