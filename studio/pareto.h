// Of many things that cost and are worth something: those that nothing else beats in everything.
#ifndef THIMBLE_STUDIO_PARETO_H_
#define THIMBLE_STUDIO_PARETO_H_

#include <cstddef>
#include <span>
#include <vector>

namespace thimble::studio {

/// The front of points that are to be small in every direction: places of those that no other point beats, by their
/// first number. One beats another that is nowhere smaller and somewhere larger. Of equal points only the first counts;
/// points with NaN never do.
std::vector<size_t> ParetoFront(std::span<const std::vector<double>> points);

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_PARETO_H_
