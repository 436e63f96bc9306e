// Operators that move elements, against the definition of each: one index at a time, on random shapes.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <numeric>
#include <random>
#include <vector>

#include "kernels/batch_to_space_nd/op.h"
#include "kernels/depth_to_space/op.h"
#include "kernels/gather/op.h"
#include "kernels/mean/op.h"
#include "kernels/mirror_pad/op.h"
#include "kernels/pad/op.h"
#include "kernels/reduce_max/op.h"
#include "kernels/reduce_min/op.h"
#include "kernels/resize_bilinear/op.h"
#include "kernels/reverse_v2/op.h"
#include "kernels/slice/op.h"
#include "kernels/space_to_batch_nd/op.h"
#include "kernels/space_to_depth/op.h"
#include "kernels/strided_slice/op.h"
#include "kernels/sum/op.h"
#include "kernels/tile/op.h"
#include "kernels/topk_v2/op.h"
#include "kernels/transpose/op.h"

namespace thimble::kernels {
namespace {

using Ints = std::vector<int32_t>;

std::mt19937 random_numbers;

int Between(int low, int high) {
  return low + static_cast<int>(random_numbers() % static_cast<uint32_t>(high - low + 1));
}

/// Runs `test` with different random numbers until it fails.
void Repeat(const std::function<void()>& test) {
  for (uint32_t seed = 0; seed < 500 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    random_numbers.seed(seed);
    test();
  }
}

/// A tensor of int32 that owns its shape and elements.
struct Numbers {
  Ints dims, values;
  Tensor tensor;

  explicit Numbers(Ints shape) : dims(std::move(shape)) {
    values.resize(static_cast<size_t>(std::accumulate(dims.begin(), dims.end(), 1, std::multiplies<>())));
    tensor.type = Type::kInt32;
    tensor.shape = {dims.data(), static_cast<int32_t>(dims.size())};
    tensor.data = values.data();
  }
  Numbers(const Numbers&) = delete;
  Numbers& operator=(const Numbers&) = delete;

  /// 1, 2, 3, … so that every element is another.
  static void Count(Numbers& numbers) { std::iota(numbers.values.begin(), numbers.values.end(), 1); }
  /// A constant list.
  static Tensor Constant(const Ints& list, const int32_t& size) {
    Tensor tensor;
    tensor.type = Type::kInt32;
    tensor.shape = {&size, 1};
    tensor.data = const_cast<int32_t*>(list.data());
    tensor.constant = true;
    return tensor;
  }

  /// -1 outside.
  int32_t At(const Ints& index) const {
    size_t place = 0;
    for (size_t d = 0; d < dims.size(); ++d) {
      if (index[d] < 0 || index[d] >= dims[d]) return -1;
      place = place * static_cast<size_t>(dims[d]) + static_cast<size_t>(index[d]);
    }
    return values[place];
  }
};

/// A list of constants as an operand.
struct List {
  Ints values;
  int32_t size;
  Tensor tensor;
  explicit List(Ints list) : values(std::move(list)), size(static_cast<int32_t>(values.size())) {
    tensor = Numbers::Constant(values, size);
  }
  List(const List&) = delete;
  List& operator=(const List&) = delete;
};

Ints AnyShape(int rank, int most) {
  Ints dims;
  for (int d = 0; d < rank; ++d) dims.push_back(Between(1, most));
  return dims;
}

template <typename T>
void RunChecked(const typename T::Params& params, std::vector<Tensor> in, std::vector<Tensor> out) {
  const Call call{in, out, nullptr};
  ASSERT_STREQ(Sentence(T::Check(params, call)), Sentence(Reason::kNone));
  T::RunReference(params, call);
}

/// expected(index of y) for every element of y.
void ExpectEach(const Numbers& y, const std::function<int32_t(const Ints&)>& expected) {
  Ints index(y.dims.size(), 0);
  for (const int32_t value : y.values) {
    ASSERT_EQ(value, expected(index));
    for (size_t d = index.size(); d-- > 0 && ++index[d] == y.dims[d];) index[d] = 0;
  }
}

TEST(Movement, TransposesReversesTilesAndSlicesAsDefined) {
  Repeat([] {
    const int rank = Between(1, 5);
    Numbers x(AnyShape(rank, 4));
    Numbers::Count(x);

    Ints order(static_cast<size_t>(rank)), permuted(order), multiples(order), tiled(order), begin(order), size(order);
    std::iota(order.begin(), order.end(), 0);
    for (size_t d = order.size(); d-- > 1;)
      std::swap(order[d], order[static_cast<size_t>(Between(0, static_cast<int>(d)))]);
    for (size_t d = 0; d < order.size(); ++d) {
      permuted[d] = x.dims[static_cast<size_t>(order[d])];
      multiples[d] = Between(1, 3);
      tiled[d] = multiples[d] * x.dims[d];
      begin[d] = Between(0, x.dims[d] - 1);
      size[d] = Between(1, x.dims[d] - begin[d]);
    }
    Numbers y(permuted);
    List permutation(order);
    RunChecked<Transpose>({}, {x.tensor, permutation.tensor}, {y.tensor});
    ExpectEach(y, [&](const Ints& index) {
      Ints from(index.size());
      for (size_t d = 0; d < from.size(); ++d) from[static_cast<size_t>(order[d])] = index[d];
      return x.At(from);
    });

    Numbers reversed(x.dims);
    const int axis = Between(0, rank - 1);
    List axes({axis - rank});
    RunChecked<ReverseV2>({}, {x.tensor, axes.tensor}, {reversed.tensor});
    ExpectEach(reversed, [&](Ints index) {
      int32_t& i = index[static_cast<size_t>(axis)];
      i = x.dims[static_cast<size_t>(axis)] - 1 - i;
      return x.At(index);
    });

    Numbers repeated(tiled);
    List times(multiples);
    RunChecked<Tile>({}, {x.tensor, times.tensor}, {repeated.tensor});
    ExpectEach(repeated, [&](Ints index) {
      for (size_t d = 0; d < index.size(); ++d) index[d] %= x.dims[d];
      return x.At(index);
    });

    Numbers box(size);
    List from(begin), sizes(size);
    RunChecked<Slice>({}, {x.tensor, from.tensor, sizes.tensor}, {box.tensor});
    ExpectEach(box, [&](Ints index) {
      for (size_t d = 0; d < index.size(); ++d) index[d] += begin[d];
      return x.At(index);
    });
  });
}

TEST(Movement, SlicesWithStridesAsPythonDoes) {
  Repeat([] {
    const int rank = Between(1, 4);
    Numbers x(AnyShape(rank, 6));
    Numbers::Count(x);
    Ints begins, ends, strides, shape;
    std::vector<Ints> taken;  // in each dimension, by walking as one would by hand
    StridedSlice::Params params;
    for (int d = 0; d < rank; ++d) {
      const int32_t size = x.dims[static_cast<size_t>(d)];
      const int32_t stride = Between(1, 3) * (Between(0, 1) == 0 ? 1 : -1);
      const int32_t first = Between(0, size - 1),
                    count = Between(1, (stride > 0 ? size - 1 - first : first) / std::abs(stride) + 1);
      Ints indices;
      for (int32_t k = 0; k < count; ++k) indices.push_back(first + k * stride);
      const int32_t past = indices.back() + (stride > 0 ? 1 : -1);
      const bool open = past < 0 || Between(0, 3) == 0;
      const bool really_open = open && (stride > 0 ? indices.back() + stride >= size : indices.back() + stride < 0);
      begins.push_back(Between(0, 1) == 0 ? first : first - size);
      ends.push_back(really_open ? Between(-9, 9) : past);
      if (really_open) params.end_mask |= 1 << d;
      if (!really_open && past < 0) return;
      strides.push_back(stride);
      if (count == 1 && Between(0, 2) == 0) {
        params.shrink_axis_mask |= 1 << d;
      } else {
        shape.push_back(count);
      }
      taken.push_back(indices);
    }
    List begin(begins), end(ends), step(strides);
    Numbers y(shape);
    RunChecked<StridedSlice>(params, {x.tensor, begin.tensor, end.tensor, step.tensor}, {y.tensor});
    ExpectEach(y, [&](const Ints& index) {
      Ints from;
      size_t k = 0;
      for (int d = 0; d < rank; ++d) {
        const bool shrunk = (params.shrink_axis_mask >> d & 1) != 0;
        from.push_back(taken[static_cast<size_t>(d)][shrunk ? 0 : static_cast<size_t>(index[k++])]);
      }
      return x.At(from);
    });
  });
}

TEST(Movement, PadsWithZerosAndMirrorsAsDefined) {
  Repeat([] {
    const int rank = Between(1, 4);
    Numbers x(AnyShape(rank, 5));
    Numbers::Count(x);
    const int mode = Between(0, 1);
    Ints paddings, shape, mirrored, mirrored_shape;
    for (const int32_t size : x.dims) {
      paddings.push_back(Between(0, 3));
      paddings.push_back(Between(0, 3));
      shape.push_back(size + paddings.end()[-1] + paddings.end()[-2]);
      mirrored.push_back(Between(0, mode == 0 ? size - 1 : size));
      mirrored.push_back(Between(0, mode == 0 ? size - 1 : size));
      mirrored_shape.push_back(size + mirrored.end()[-1] + mirrored.end()[-2]);
    }
    Numbers y(shape), z(mirrored_shape);
    List border(paddings), mirror(mirrored);
    RunChecked<Pad>({}, {x.tensor, border.tensor}, {y.tensor});
    ExpectEach(y, [&](Ints index) {
      for (size_t d = 0; d < index.size(); ++d) {
        index[d] -= paddings[2 * d];
        if (index[d] < 0 || index[d] >= x.dims[d]) return 0;
      }
      return x.At(index);
    });
    RunChecked<MirrorPad>({.mode = static_cast<int8_t>(mode)}, {x.tensor, mirror.tensor}, {z.tensor});
    ExpectEach(z, [&](Ints index) {
      for (size_t d = 0; d < index.size(); ++d) {
        // Outward, the row reads 1 2 3 … from the edge (reflect) or 0 1 2 … (symmetric).
        int32_t& i = index[d];
        i -= mirrored[2 * d];
        if (i < 0) i = -i - mode;
        if (i >= x.dims[d]) i = x.dims[d] - 1 - (i - x.dims[d]) - (1 - mode);
      }
      return x.At(index);
    });
  });
}

TEST(Movement, MovesBlocksToChannelsAndBatchesAndBack) {
  Repeat([] {
    const int32_t n = Between(1, 2), h = Between(1, 3), w = Between(1, 3), c = Between(1, 3), block = Between(1, 3);
    Numbers space({n, h * block, w * block, c}), depth({n, h, w, block * block * c}), back(space.dims);
    Numbers::Count(space);
    RunChecked<SpaceToDepth>({.block_size = block}, {space.tensor}, {depth.tensor});
    ExpectEach(depth, [&](const Ints& index) {
      const int32_t place = index[3] / c;
      return space.At({index[0], index[1] * block + place / block, index[2] * block + place % block, index[3] % c});
    });
    RunChecked<DepthToSpace>({.block_size = block}, {depth.tensor}, {back.tensor});
    EXPECT_TRUE(back.values == space.values);

    const int32_t block_w = Between(1, 3);
    const auto after = [](int32_t size, int32_t by) { return (by - size % by) % by; };
    const int32_t top = Between(0, 3), left = Between(0, 3);
    const int32_t bottom = after(top + space.dims[1], block) + block * Between(0, 1);
    const int32_t right = after(left + space.dims[2], block_w);
    List blocks({block, block_w}), border({top, bottom, left, right});
    Numbers batches(
        {n * block * block_w, (top + space.dims[1] + bottom) / block, (left + space.dims[2] + right) / block_w, c});
    RunChecked<SpaceToBatchNd>({}, {space.tensor, blocks.tensor, border.tensor}, {batches.tensor});
    ExpectEach(batches, [&](const Ints& index) {
      const int32_t place = index[0] / n;
      const int32_t y = index[1] * block + place / block_w - top, x = index[2] * block_w + place % block_w - left;
      if (y < 0 || y >= space.dims[1] || x < 0 || x >= space.dims[2]) return 0;
      return space.At({index[0] % n, y, x, index[3]});
    });
    Numbers again(space.dims);
    RunChecked<BatchToSpaceNd>({}, {batches.tensor, blocks.tensor, border.tensor}, {again.tensor});
    EXPECT_TRUE(again.values == space.values);
  });
}

TEST(Movement, GathersAndFindsTheLargestAsDefined) {
  Repeat([] {
    Numbers x(AnyShape(4, 4));
    for (int32_t& value : x.values) value = Between(-5, 5);
    const int32_t axis = Between(0, 3), batches = Between(0, axis), extra = Between(0, 1);
    Ints index_shape(x.dims.begin(), x.dims.begin() + batches);
    for (int i = 0; i < extra; ++i) index_shape.push_back(Between(1, 3));
    Numbers indices(index_shape);
    for (int32_t& value : indices.values) value = Between(0, x.dims[static_cast<size_t>(axis)] - 1);
    Ints shape(x.dims.begin(), x.dims.begin() + axis);
    shape.insert(shape.end(), index_shape.begin() + batches, index_shape.end());
    shape.insert(shape.end(), x.dims.begin() + axis + 1, x.dims.end());
    Numbers y(shape);
    RunChecked<Gather>({.axis = axis, .batch_dims = batches}, {x.tensor, indices.tensor}, {y.tensor});
    ExpectEach(y, [&](const Ints& index) {
      Ints which(index.begin(), index.begin() + batches), from(index.begin(), index.begin() + axis);
      which.insert(which.end(), index.begin() + axis, index.begin() + axis + extra);
      from.push_back(indices.At(which));
      from.insert(from.end(), index.begin() + axis + extra, index.end());
      return x.At(from);
    });

    const int32_t k = Between(1, x.dims[3]);
    Numbers values({x.dims[0], x.dims[1], x.dims[2], k}), places(values.dims);
    List count({k});
    RunChecked<TopkV2>({}, {x.tensor, count.tensor}, {values.tensor, places.tensor});
    for (size_t row = 0; row < x.values.size() / static_cast<size_t>(x.dims[3]); ++row) {
      Ints order(static_cast<size_t>(x.dims[3]));
      std::iota(order.begin(), order.end(), 0);
      const int32_t* start = x.values.data() + row * order.size();
      std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) { return start[a] > start[b]; });
      for (size_t i = 0; i < static_cast<size_t>(k); ++i) {
        EXPECT_TRUE(places.values[row * static_cast<size_t>(k) + i] == order[i]);
        EXPECT_TRUE(values.values[row * static_cast<size_t>(k) + i] == start[order[i]]);
      }
    }
  });
}

TEST(Movement, ReducesAnyDimensionsAsDefined) {
  Repeat([] {
    const int rank = Between(1, 5);
    Numbers x(AnyShape(rank, 4));
    for (int32_t& value : x.values) value = Between(-100, 100);
    const bool keep = Between(0, 1) == 1;
    Ints axes, shape;
    std::vector<bool> reduced(static_cast<size_t>(rank));
    for (int d = 0; d < rank; ++d) {
      reduced[static_cast<size_t>(d)] = Between(0, 1) == 1;
      if (reduced[static_cast<size_t>(d)]) axes.push_back(Between(0, 1) == 1 ? d : d - rank);
      if (!reduced[static_cast<size_t>(d)] || keep)
        shape.push_back(reduced[static_cast<size_t>(d)] ? 1 : x.dims[static_cast<size_t>(d)]);
    }
    if (axes.empty()) return;
    axes.push_back(axes[0]);  // twice is once
    List list(axes);
    const auto expected = [&](const Ints& index, const std::function<int64_t(int64_t, int64_t)>& fold) {
      int64_t result = 0, count = 0;
      Ints at(static_cast<size_t>(rank), 0);
      for (const int32_t value : x.values) {
        bool belongs = true;
        for (size_t d = 0, k = 0; d < at.size(); ++d) {
          if (!reduced[d]) belongs = belongs && at[d] == index[k];
          if (!reduced[d] || keep) ++k;
        }
        if (belongs) result = count++ == 0 ? value : fold(result, value);
        for (size_t d = at.size(); d-- > 0 && ++at[d] == x.dims[d];) at[d] = 0;
      }
      return std::pair(result, count);
    };
    const ReductionParams params = {.keep_dims = keep};
    const auto sum = [](int64_t a, int64_t b) { return a + b; };
    Numbers y(shape);
    RunChecked<Sum>(params, {x.tensor, list.tensor}, {y.tensor});
    ExpectEach(y, [&](const Ints& index) { return static_cast<int32_t>(expected(index, sum).first); });
    RunChecked<Mean>(params, {x.tensor, list.tensor}, {y.tensor});
    ExpectEach(y, [&](const Ints& index) {
      const auto [total, count] = expected(index, sum);
      return static_cast<int32_t>(total / count);
    });
    RunChecked<ReduceMax>(params, {x.tensor, list.tensor}, {y.tensor});
    ExpectEach(y, [&](const Ints& index) {
      return static_cast<int32_t>(expected(index, [](int64_t a, int64_t b) { return std::max(a, b); }).first);
    });
    RunChecked<ReduceMin>(params, {x.tensor, list.tensor}, {y.tensor});
    ExpectEach(y, [&](const Ints& index) {
      return static_cast<int32_t>(expected(index, [](int64_t a, int64_t b) { return std::min(a, b); }).first);
    });
  });
}

TEST(Movement, ResizesBilinearlyInIntegersAsInRealNumbers) {
  Repeat([] {
    const Ints from = {1, Between(1, 6), Between(1, 6), 2}, to = {1, Between(1, 12), Between(1, 12), 2};
    const size_t inputs = static_cast<size_t>(from[1] * from[2] * 2), outputs = static_cast<size_t>(to[1] * to[2] * 2);
    std::vector<float> x(inputs), y(outputs);
    std::vector<int8_t> stored_x(inputs), stored_y(outputs);
    for (size_t i = 0; i < inputs; ++i) x[i] = stored_x[i] = static_cast<int8_t>(Between(-128, 127));
    const auto tensor = [](Type type, const Ints& dims, void* data) {
      Tensor view;
      view.type = type;
      view.shape = {dims.data(), 4};
      view.data = data;
      return view;
    };
    const int mode = Between(0, 2);
    const ResizingParams params = {.align_corners = static_cast<uint8_t>(mode == 1),
                                   .half_pixel_centers = static_cast<uint8_t>(mode == 2)};
    List size({to[1], to[2]});
    RunChecked<ResizeBilinear>(params, {tensor(Type::kFloat32, from, x.data()), size.tensor},
                               {tensor(Type::kFloat32, to, y.data())});
    RunChecked<ResizeBilinear>(params, {tensor(Type::kInt8, from, stored_x.data()), size.tensor},
                               {tensor(Type::kInt8, to, stored_y.data())});
    // Places are rounded to 1/1024 for each step, of at most 12, and a step between pixels is at most 255.
    for (size_t i = 0; i < outputs; ++i)
      EXPECT_TRUE(std::abs(y[i] - static_cast<float>(stored_y[i])) < 0.5f + 2 * 255 * 13 / 2048.0f);
  });
}

}  // namespace
}  // namespace thimble::kernels
