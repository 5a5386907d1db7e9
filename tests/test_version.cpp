#include "reluflow/version.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

BOOST_AUTO_TEST_CASE(the_version_string_is_made_of_its_parts) {
  const std::string parts = std::to_string(reluflow::version_major) + "." +
                            std::to_string(reluflow::version_minor) + "." +
                            std::to_string(reluflow::version_patch);
  BOOST_TEST(reluflow::version_string == parts);
}

BOOST_AUTO_TEST_CASE(headers_and_linked_library_agree) {
  BOOST_TEST(reluflow::linked_version() == reluflow::version_string);
}
