// A built model as the network it becomes, or as the error that refuses it.
#pragma once

#include <catch_amalgamated.hpp>
#include <utility>

#include "shared/network/network.h"
#include "tests/make_model.h"

namespace insitu {

inline Network Planned(const ModelBuilder& model, const PlanOptions& options = {}) {
  auto onnx = ReadOnnx(model.Bytes());
  REQUIRE(onnx.ok());
  auto network = Network::Create(std::move(onnx.value()), options);
  INFO((network.ok() ? "" : network.error().message));
  REQUIRE(network.ok());
  return std::move(network.value());
}

inline Error Refused(const ModelBuilder& model) {
  auto onnx = ReadOnnx(model.Bytes());
  REQUIRE(onnx.ok());
  auto network = Network::Create(std::move(onnx.value()), {});
  REQUIRE_FALSE(network.ok());
  return network.error();
}

}  // namespace insitu
