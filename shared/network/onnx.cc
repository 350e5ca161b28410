#include "shared/network/onnx.h"

#include <algorithm>

#include "shared/limits.h"
#include "shared/network/onnx_tensor.h"
#include "shared/network/protobuf.h"

namespace insitu {
namespace {

// Field numbers of onnx.proto.
enum ModelField {
  kIrVersion = 1,
  kProducerName = 2,
  kGraph = 7,
  kOpsetImport = 8,
  kMetadata = 14,
  kFunctions = 25
};
enum GraphField { kNode = 1, kInitializer = 5, kInput = 11, kOutput = 12, kSparseInitializer = 15 };
enum NodeField {
  kNodeInput = 1,
  kNodeOutput = 2,
  kNodeName = 3,
  kOpType = 4,
  kAttribute = 5,
  kDomain = 7
};
enum AttributeField {
  kAttributeName = 1,
  kF = 2,
  kI = 3,
  kS = 4,
  kT = 5,
  kG = 6,
  kFloats = 7,
  kInts = 8,
  kStrings = 9,
  kType = 20,
  kRefName = 21
};

Result<OnnxAttribute> ReadAttribute(ProtobufReader reader) {
  OnnxAttribute attribute;
  while (reader.Next()) {
    switch (reader.field()) {
      case kAttributeName:
        attribute.name = reader.Text();
        break;
      case kF:
        attribute.number = reader.Number();
        break;
      case kI:
        attribute.integer = reader.Integer();
        break;
      case kS:
        attribute.text = reader.Text();
        break;
      case kFloats:
        reader.AppendTo(&attribute.numbers);
        break;
      case kInts:
        reader.AppendTo(&attribute.integers);
        break;
      case kT: {
        ASSIGN_OR_RETURN(attribute.tensor, ConvertTensor(ReadStoredTensor(reader.Message())));
        break;
      }
      default:
        break;  // graphs, strings: an operator that needs them is not supported
    }
  }
  return attribute;
}

Result<OnnxNode> ReadNode(ProtobufReader reader, NameTable* names) {
  OnnxNode node;
  while (reader.Next()) {
    switch (reader.field()) {
      case kNodeInput:
        node.inputs.push_back(names->Intern(reader.Text()));
        break;
      case kNodeOutput:
        node.outputs.push_back(names->Intern(reader.Text()));
        break;
      case kNodeName:
        node.name = reader.Text();
        break;
      case kOpType:
        node.op_type = reader.Text();
        break;
      case kDomain:
        node.domain = reader.Text();
        break;
      case kAttribute: {
        ASSIGN_OR_RETURN(OnnxAttribute attribute, ReadAttribute(reader.Message()));
        node.attributes.push_back(std::move(attribute));
        break;
      }
      default:
        break;
    }
  }
  return node;
}

// TensorShapeProto {1: Dimension {1: value, 2: name}}
Shape ReadShape(ProtobufReader reader) {
  Shape shape;
  while (reader.Next()) {
    if (reader.field() != 1) continue;
    int64_t value = -1;
    for (ProtobufReader dimension = reader.Message(); dimension.Next();) {
      if (dimension.field() == 1) value = dimension.Integer();
    }
    shape.push_back(value < 1 ? -1 : value);
  }
  return shape;
}

// TypeProto.Tensor {1: elem_type, 2: shape}
void ReadTensorType(ProtobufReader reader, OnnxValueInfo* info) {
  while (reader.Next()) {
    if (reader.field() == 1) info->element_type = static_cast<int>(reader.Integer());
    if (reader.field() == 2) info->shape = ReadShape(reader.Message());
  }
}

// ValueInfoProto {1: name, 2: TypeProto {1: Tensor}}
OnnxValueInfo ReadValueInfo(ProtobufReader reader, NameTable* names) {
  OnnxValueInfo info;
  while (reader.Next()) {
    if (reader.field() == 1) info.name = names->Intern(reader.Text());
    if (reader.field() != 2) continue;
    for (ProtobufReader type = reader.Message(); type.Next();) {
      if (type.field() == 1) ReadTensorType(type.Message(), &info);
    }
  }
  return info;
}

Status ReadGraph(ProtobufReader reader, OnnxModel* model) {
  while (reader.Next()) {
    switch (reader.field()) {
      case kNode: {
        if (model->nodes.size() == kMaxGraphNodes) {
          return UnsupportedModel("its graph has more than ", kMaxGraphNodes, " nodes");
        }
        ASSIGN_OR_RETURN(OnnxNode node, ReadNode(reader.Message(), &model->names));
        model->nodes.push_back(std::move(node));
        break;
      }
      case kInitializer: {
        StoredTensor stored = ReadStoredTensor(reader.Message());
        const NameId name = model->names.Intern(stored.name);
        ASSIGN_OR_RETURN(Tensor tensor, ConvertTensor(std::move(stored)));
        model->initializers.emplace_back(name, std::move(tensor));
        break;
      }
      case kInput:
        model->inputs.push_back(ReadValueInfo(reader.Message(), &model->names));
        break;
      case kOutput:
        model->outputs.push_back(ReadValueInfo(reader.Message(), &model->names));
        break;
      case kSparseInitializer:
        return UnsupportedModel("it has sparse initializers");
      default:
        break;
    }
  }
  std::vector<bool> has_value(model->names.size(), false);
  for (const auto& [name, tensor] : model->initializers) {
    has_value[static_cast<size_t>(name)] = true;
  }
  std::erase_if(model->inputs, [&has_value](const OnnxValueInfo& input) {
    return has_value[static_cast<size_t>(input.name)];
  });
  return {};
}

// OperatorSetIdProto {1: domain, 2: version}
void ReadOpset(ProtobufReader reader, OnnxModel* model) {
  std::string domain;
  int64_t version = 0;
  while (reader.Next()) {
    if (reader.field() == 1) domain = reader.Text();
    if (reader.field() == 2) version = reader.Integer();
  }
  if (domain.empty() || domain == "ai.onnx") model->opset = version;
}

// StringStringEntryProto {1: key, 2: value}
void ReadMetadataEntry(ProtobufReader reader, OnnxModel* model) {
  std::pair<std::string, std::string> entry;
  while (reader.Next()) {
    if (reader.field() == 1) entry.first = reader.Text();
    if (reader.field() == 2) entry.second = reader.Text();
  }
  model->metadata.push_back(std::move(entry));
}

Result<OnnxModel> ReadModel(ProtobufReader reader) {
  OnnxModel model;
  bool has_graph = false;
  while (reader.Next()) {
    switch (reader.field()) {
      case kIrVersion:
        model.ir_version = reader.Integer();
        break;
      case kProducerName:
        model.producer = reader.Text();
        break;
      case kGraph:
        RETURN_IF_ERROR(ReadGraph(reader.Message(), &model));
        has_graph = true;
        break;
      case kOpsetImport:
        ReadOpset(reader.Message(), &model);
        break;
      case kMetadata:
        ReadMetadataEntry(reader.Message(), &model);
        break;
      case kFunctions:
        return UnsupportedModel("it defines functions of its own");
      default:
        break;
    }
  }
  if (!has_graph) return CorruptModel("it holds no graph");
  for (const OnnxValueInfo& input : model.inputs) {
    if (input.element_type == 0)
      return UnsupportedModel("its input '", model.names.text(input.name), "' is no tensor");
  }
  if (model.opset < kMinOpset || model.opset > kMaxOpset) {
    return UnsupportedModel("it uses operator set ", model.opset, "; sets ", kMinOpset, " to ",
                            kMaxOpset, " are known");
  }
  return model;
}

}  // namespace

const Tensor* OnnxModel::FindInitializer(std::string_view name) const {
  for (auto found = initializers.rbegin(); found != initializers.rend(); ++found) {
    if (names.text(found->first) == name) return &found->second;
  }
  return nullptr;
}

NameId* NameTable::Slot(std::string_view name) {
  uint32_t hash = 2166136261;  // FNV-1a
  for (const char c : name) hash = (hash ^ static_cast<uint8_t>(c)) * 16777619;
  const size_t mask = slots_.size() - 1;
  for (size_t at = hash & mask;; at = (at + 1) & mask) {
    if (slots_[at] == kNoName || text(slots_[at]) == name) return &slots_[at];
  }
}

NameId NameTable::Intern(std::string_view name) {
  if (name.empty() && !texts_.empty()) return kNoName;
  if (texts_.size() * 2 >= slots_.size()) {
    slots_.assign(std::max<size_t>(64, slots_.size() * 2), kNoName);
    for (size_t id = 1; id < texts_.size(); ++id) *Slot(texts_[id]) = static_cast<NameId>(id);
  }
  NameId* slot = Slot(name);
  if (*slot == kNoName) {
    *slot = static_cast<NameId>(texts_.size());
    texts_.emplace_back(name);
  }
  return *slot;
}

Result<OnnxModel> ReadOnnx(std::span<const uint8_t> bytes) {
  if (bytes.size() > kMaxModelBytes) {
    return UnsupportedModel("its file is larger than ", kMaxModelBytes >> 20, " MiB");
  }
  bool damaged = false;
  Result<OnnxModel> model = ReadModel(ProtobufReader(bytes, &damaged));
  if (damaged) return CorruptModel("its structure breaks off");
  return model;
}

Result<std::pair<std::string, Tensor>> ReadOnnxTensor(std::span<const uint8_t> bytes) {
  bool damaged = false;
  StoredTensor stored = ReadStoredTensor(ProtobufReader(bytes, &damaged));
  if (damaged) return CorruptModel("its structure breaks off");
  std::string name = stored.name;
  ASSIGN_OR_RETURN(Tensor tensor, ConvertTensor(std::move(stored)));
  return std::pair(std::move(name), std::move(tensor));
}

}  // namespace insitu
