#include "shared/network/tensor.h"

#include <catch_amalgamated.hpp>

namespace insitu {
namespace {

TEST_CASE("A shape holds one dimension more than a tensor may have", "[tensor]") {
  Shape shape(kMaxTensorRank, 2);
  shape.push_back(3);
  CHECK(shape.size() == Shape::kCapacity);
  CHECK(shape.back() == 3);
  CHECK(ElementCount(shape) == 3 << kMaxTensorRank);
}

TEST_CASE("Shapes are the same when size and all dimensions are", "[tensor]") {
  CHECK(Shape{2, 3} == Shape{2, 3});
  CHECK_FALSE(Shape{2, 3} == Shape{2, 3, 1});
  CHECK_FALSE(Shape{2, 3} == Shape{3, 2});
  CHECK(Shape() == Shape(0, 5));
}

TEST_CASE("A dimension can be taken out, and a part be another shape", "[tensor]") {
  Shape shape = {4, 5, 6, 7};
  CHECK(Shape(shape.part(1, 3)) == Shape{5, 6});
  CHECK(Shape(shape.part(4)).empty());
  shape.erase(1);
  CHECK(shape == Shape{4, 6, 7});
  shape.erase(2);
  CHECK(shape == Shape{4, 6});
}

TEST_CASE("A shape as text and its strides", "[tensor]") {
  CHECK(ShapeText({}) == "scalar");
  CHECK(ShapeText({3, 50, 50}) == "3x50x50");
  CHECK(DenseStrides({3, 50, 20}) == Shape{1000, 20, 1});
}

}  // namespace
}  // namespace insitu
