# architecture.cmake finds each thing that it forbids. Run as
#     cmake -D SCRIPT=<architecture.cmake> -D SCRATCH=<directory> -P architecture_finds.cmake
cmake_minimum_required(VERSION 3.22)

# expect(<number of violations> <file> <line>): in a tree of that one file
function(expect count file line)
  file(REMOVE_RECURSE ${SCRATCH})
  file(WRITE ${SCRATCH}/${file} "${line}\n")
  execute_process(
    COMMAND ${CMAKE_COMMAND} -D ROOT=${SCRATCH} -P ${SCRIPT}
    RESULT_VARIABLE result
    OUTPUT_QUIET
    ERROR_VARIABLE said)
  if(count EQUAL 0)
    if(NOT result EQUAL 0)
      message(SEND_ERROR "${file}: ${line} is allowed, but: ${said}")
    endif()
  elseif(result EQUAL 0 OR NOT said MATCHES "${count} lines break")
    message(SEND_ERROR "${file}: ${line} should break the architecture ${count} times: ${said}")
  endif()
endfunction()

expect(0 lib/src/a.cpp "#include \"reluflow/trajectory.hpp\"")
expect(1 lib/src/a.cpp "#include \"reluflow/solvers/flow.hpp\"")
expect(1 lib/include/reluflow/a.hpp "#include \"reluflow/plots/figure.hpp\"")
expect(1 solvers/src/a.cpp "  #  include <reluflow/plots/figure.hpp>")
expect(1 plots/src/a.cpp "#include \"reluflow/solvers/flow.hpp\"")
expect(1 plots/src/a.cpp "#include \"../../lib/io_text.hpp\"")
expect(1 app/a.cpp "#include \"lib/src/io_text.hpp\"")
expect(0 app/a.cpp "#include \"reluflow/solvers/flow.hpp\"")
expect(0 solvers/src/a.cpp "#include <boost/numeric/odeint.hpp>")
expect(1 lib/src/a.cpp "#include <boost/numeric/odeint.hpp>")
expect(1 app/a.cpp "namespace odeint = boost::numeric::odeint; odeint::euler<double> x;")
expect(0 plots/src/a.cpp "#include <gnuplot-iostream.h>")
expect(1 app/a.cpp "#include <gnuplot-iostream.h>")
expect(1 app/a.cpp "std::system(\"gnuplot figure.gp\");")
expect(2 solvers/include/reluflow/solvers/a.hpp "#include <boost/numeric/odeint/stepper/euler.hpp>")
expect(1 lib/include/reluflow/a.hpp "#include <fmt/format.h>")
expect(1 lib/include/reluflow/a.hpp "#include \"io_text.hpp\"")
expect(0 lib/include/reluflow/a.hpp "#include <Eigen/Core>")
