#include "steps/all_steps.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

namespace thimble::steps {
namespace {

// A package names its steps by number.
TEST(AllSteps, HaveNumbersAndNamesOfTheirOwn) {
  std::map<uint16_t, std::string> numbers;
  std::set<std::string> names;
  for (const Step* step : AllSteps()) {
    const auto [other, fresh] = numbers.emplace(step->number, step->name);
    EXPECT_TRUE(fresh) << step->name << " and " << other->second << " both have the number " << step->number;
    EXPECT_TRUE(names.insert(step->name).second) << step->name;
  }
  EXPECT_FALSE(names.empty());
}

}  // namespace
}  // namespace thimble::steps
