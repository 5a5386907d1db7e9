#define BOOST_TEST_MODULE reluflow
#include <boost/test/unit_test.hpp>
