#include "model/network_spec.h"

#include <catch_amalgamated.hpp>
#include <string>
#include <vector>

namespace insitu {
namespace {

LayerSpec Layer(LayerKind kind, int filters, int side = 3) {
  LayerSpec layer;
  layer.kind = kind;
  layer.filters = filters;
  layer.side = side;
  return layer;
}

NetworkSpec Of(std::vector<LayerSpec> layers) {
  NetworkSpec spec;
  spec.layers = std::move(layers);
  return spec;
}

TEST_CASE("Sizes, work and weights of the seed network are those that its file has",
          "[network_spec]") {
  NetworkSpec spec = Of({Layer(LayerKind::kConvolution, 32), Layer(LayerKind::kConvolution, 64),
                         Layer(LayerKind::kDense, 128)});
  spec.layers[0].pool = 3;
  spec.layers[1].pool = 2;
  CHECK(NetworkFault(spec).empty());
  const auto extents = Extents(spec);
  REQUIRE(extents.size() == 4);
  CHECK(extents[1].side == 16);
  CHECK(extents[2].side == 7);
  CHECK(extents[2].channels == 64);
  CHECK(MultiplyAdds(spec) == 6'004'992);
  CHECK(ParameterCount(spec) == 421'186);
  CHECK(spec.input_size() == 7500);
}

TEST_CASE("A separable layer has the weights of both its convolutions", "[network_spec]") {
  LayerSpec separable = Layer(LayerKind::kSeparable, 8);
  separable.padding = 1;
  const NetworkSpec spec = Of({separable, Layer(LayerKind::kGlobalAveragePool, 0)});
  const auto shapes = WeightShapes(spec);
  CHECK(shapes[0].depthwise == std::vector<int64_t>{3, 1, 3, 3});
  CHECK(shapes[0].weight == std::vector<int64_t>{8, 3, 1, 1});
  CHECK(shapes[1].weight.empty());
  CHECK(shapes[2].weight == std::vector<int64_t>{2, 8});
  CHECK(MultiplyAdds(spec) == 2500 * (27 + 24) + 16);
}

TEST_CASE("Layers that leave no pixel are refused by their number, one pixel is enough",
          "[network_spec]") {
  // 50 - 2 = 48, / 2 = 24, - 2 = 22: pools of 22 leave one, of 23 none.
  NetworkSpec spec = Of({Layer(LayerKind::kConvolution, 2), Layer(LayerKind::kConvolution, 2)});
  spec.layers[0].pool = 2;
  spec.layers[1].pool = 22;
  CHECK(NetworkFault(spec).empty());
  spec.layers[1].pool = 23;
  CHECK(NetworkFault(spec).starts_with("Layer 2 leaves no pixel"));
  CHECK(NetworkFault(Of({Layer(LayerKind::kConvolution, 1, 50)})).empty());
  CHECK(!NetworkFault(Of({Layer(LayerKind::kConvolution, 1, 51)})).empty());
}

TEST_CASE("A residual layer gives what it takes", "[network_spec]") {
  LayerSpec residual = Layer(LayerKind::kSeparable, 3);
  residual.residual = true;
  CHECK(NetworkFault(Of({residual})).empty());  // without a rim of one pixel: 48 from 50
  residual.padding = 1;
  CHECK(NetworkFault(Of({residual})).empty());
  residual.padding = 2;
  CHECK(!NetworkFault(Of({residual})).empty());
  residual.padding = 0;
  residual.stride = 2;
  CHECK(!NetworkFault(Of({residual})).empty());
  residual.stride = 1;
  residual.side = 4;
  CHECK(!NetworkFault(Of({residual})).empty());
  residual.side = 3;
  residual.filters = 4;
  CHECK(!NetworkFault(Of({residual})).empty());
}

TEST_CASE("A network with turns leaves out no pixel at one edge alone", "[network_spec]") {
  NetworkSpec spec = Of({Layer(LayerKind::kConvolution, 8, 4), Layer(LayerKind::kConvolution, 8),
                         Layer(LayerKind::kMaxPool, 0, 2)});
  spec.turns = 8;
  spec.layers[0].stride = 2;  // 24 from 50; then 22, then 11
  CHECK(NetworkFault(spec).empty());
  spec.layers[1].stride = 2;  // 11 from 24, of which one pixel is left out
  CHECK(NetworkFault(spec).starts_with("Layer 2 leaves out pixels at one edge"));
  spec.layers[0].padding = 1;  // 12 from 25, then 6
  CHECK(NetworkFault(spec).empty());
  spec.layers[2].side = 5;
  CHECK(NetworkFault(spec).starts_with("Layer 3 leaves out"));
  spec.layers.pop_back();
  spec.layers[1].pool = 5;
  CHECK(NetworkFault(spec).starts_with("Layer 2 leaves out"));
  spec.turns = 1;
  CHECK(NetworkFault(spec).empty());
}

TEST_CASE("A network with turns begins with a convolution and has fields for all of them",
          "[network_spec]") {
  NetworkSpec spec = Of({Layer(LayerKind::kConvolution, 8)});
  for (const int turns : {1, 4, 8}) {
    spec.turns = turns;
    CHECK(NetworkFault(spec).empty());
  }
  for (const int turns : {0, 2, 7, 9}) {
    spec.turns = turns;
    CHECK(NetworkFault(spec) == "turns is 1, 4 or 8.");
  }
  spec.turns = 4;
  spec.layers[0].filters = 6;
  CHECK(NetworkFault(spec).starts_with("Layer 1 has 6 filters"));
  spec.layers = {Layer(LayerKind::kSeparable, 8)};
  CHECK(NetworkFault(spec).starts_with("Layer 1 is the first of a network with turns"));
}

TEST_CASE("After a dense layer only dense layers come", "[network_spec]") {
  const LayerSpec dense = Layer(LayerKind::kDense, 4);
  CHECK(NetworkFault(Of({dense, dense})).empty());
  CHECK(!NetworkFault(Of({dense, Layer(LayerKind::kConvolution, 4, 1)})).empty());
  const LayerSpec mean = Layer(LayerKind::kGlobalAveragePool, 0);
  CHECK(!NetworkFault(Of({mean, mean})).empty());
}

}  // namespace
}  // namespace insitu
