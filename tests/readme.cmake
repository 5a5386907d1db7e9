# The C++ block of README.md is examples/embedding.cpp to the letter.
file(READ ${ROOT}/README.md readme)
file(READ ${ROOT}/examples/embedding.cpp program)
string(FIND "${readme}" "```cpp\n${program}```" at)
if(at EQUAL -1)
  message(FATAL_ERROR "the C++ block of README.md differs from examples/embedding.cpp")
endif()
