// How a graph becomes fully convolutional, node by node: dense.cc goes through it, dense_layers.cc
// has what becomes of each kind of layer.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <utility>

#include "shared/list.h"
#include "shared/network/dense.h"
#include "shared/network/dense_cut.h"
#include "shared/network/node_reader.h"
#include "shared/network/onnx.h"
#include "shared/result.h"
#include "shared/str_cat.h"

namespace insitu {

// What is known of a value: what it would be for one patch.
struct Extent {
  bool reaches = false;    // it is made of the image
  int64_t channels = 0;    // 0: not known yet
  int64_t size[2] = {};    // of a patch: rows, columns
  int64_t step = 1;        // pixels between its neighbours
  bool flattened = false;  // its channels and its places are one dimension, the channels outermost
};

class DenseRewriter {
 public:
  DenseRewriter(OnnxModel* model, const DenseRequest& request) : model_(model), request_(request) {}

  Result<DenseForm> Rewrite();

 private:
  std::string_view Text(NameId name) const { return model_->names.text(name); }
  NameId Fresh(std::string_view what) {
    return model_->names.Intern(StrCat("fully_convolutional.", what, ".", ++made_));
  }
  Extent& At(NameId name) {
    const auto at = static_cast<size_t>(name);
    while (extents_.size() <= at) extents_.push_back({});
    return extents_[at];
  }
  int Known(NameId name) {  // index of the initializer it is, or -1
    const auto at = static_cast<size_t>(name);
    return at < known_.size() ? known_[at] : -1;
  }
  void SetKnown(NameId name, int index) {
    while (known_.size() <= static_cast<size_t>(name)) known_.push_back(-1);
    known_[static_cast<size_t>(name)] = index;
  }
  const Tensor& Initializer(int index) const {
    return model_->initializers[static_cast<size_t>(index)].second;
  }
  NameId Keep(std::string_view what, Tensor tensor) {
    const NameId name = Fresh(what);
    SetKnown(name, static_cast<int>(model_->initializers.size()));
    model_->initializers.push_back({name, std::move(tensor)});
    return name;
  }
  void SetIntegers(OnnxNode* node, std::string_view name, std::span<const int64_t> values) {
    OnnxAttribute attribute;
    attribute.name = model_->names.Intern(name);
    attribute.tensor.type = DataType::kInt64;
    attribute.tensor.shape = {static_cast<int64_t>(values.size())};
    attribute.tensor.ints = List<int64_t>(values);
    node->attributes.push_back(std::move(attribute));
  }
  void Become(OnnxNode* node, std::string_view op, std::initializer_list<NameId> inputs) {
    node->op_type = model_->names.Intern(op);
    node->inputs = List<NameId>(inputs);
    node->attributes.clear();
  }

  void FindConstants();
  Status One(OnnxNode* node);
  Status Cut();
  Status Window(OnnxNode* node, NodeReader* reader, const Extent& from, Extent* to);
  Status GlobalPool(OnnxNode* node, NodeReader* reader, const Extent& from, Extent* to);
  Status Flatten(OnnxNode* node, NodeReader* reader, const Extent& from, Extent* to);
  Status Dense(OnnxNode* node, NodeReader* reader, const Extent& from, Extent* to);
  Status Binary(OnnxNode* node, NodeReader* reader, Extent* to);
  Status Slice(NodeReader* reader, const Extent& from, Extent* to);
  Status Softmax(OnnxNode* node, NodeReader* reader, const Extent& from);
  Result<std::span<const int64_t>> Numbers(const NodeReader& reader, size_t index,
                                           std::span<const int64_t> otherwise);

  OnnxModel* model_;
  const DenseRequest request_;
  DenseCut cut_;
  OnnxNode* cut_node_ = nullptr;  // the window that steps
  bool picked_ = false;
  int made_ = 0;
  List<Extent> extents_;  // by NameId
  List<int> known_;       // by NameId
  bool outputs_logits_ = false;
};

}  // namespace insitu
