#include "dataset/survey.h"

#include <cmath>

namespace thimble::dataset {
namespace {

constexpr size_t kRun = 3;
// So many of the finest steps between least and greatest: less is noise around a rest, whose tops are no ceiling.
constexpr float kLeastSteps = 50;

}  // namespace

void Survey::Add(float number, size_t axis) {
  if (axis >= axes_.size()) axes_.resize(axis + 1);
  Axis& a = axes_[axis];
  if (a.run == 0) {
    a.least = a.greatest = a.before = number;
    a.run = 1;
    return;
  }
  if (number != a.before) {
    const float step = std::abs(number - a.before);
    if (a.finest == 0 || step < a.finest) a.finest = step;
    a.before = number;
    a.run = 0;
  }
  ++a.run;
  if (number < a.least) a.least = number, a.at_least = 0;
  if (number > a.greatest) a.greatest = number, a.at_greatest = 0;
  if (a.run < kRun || number == 0) return;
  const size_t more = a.run == kRun ? kRun : 1;
  if (number == a.least) a.at_least += more;
  if (number == a.greatest) a.at_greatest += more;
}

std::vector<AxisSurvey> Survey::Axes() const {
  std::vector<AxisSurvey> surveys;
  for (const Axis& a : axes_) {
    const bool swings = a.finest > 0 && (a.greatest - a.least) / a.finest >= kLeastSteps;
    surveys.push_back({a.least, a.greatest, swings ? a.at_least + a.at_greatest : 0});
  }
  return surveys;
}

}  // namespace thimble::dataset
