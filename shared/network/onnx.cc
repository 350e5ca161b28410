#include "shared/network/onnx.h"

#include <algorithm>

#include "shared/limits.h"
#include "shared/network/onnx_tensor.h"
#include "shared/network/protobuf.h"

namespace insitu {
namespace {

constexpr size_t kFirstSlots = 256;  // of a NameTable; a power of two

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

Status ReadAttribute(ProtobufReader reader, NameTable* names, OnnxAttribute* attribute) {
  while (reader.Next()) {
    switch (reader.field()) {
      case kAttributeName:
        attribute->name = names->Intern(reader.Text());
        break;
      case kF:
        attribute->number = reader.Number();
        break;
      case kI:
        attribute->integer = reader.Integer();
        break;
      case kS:
        attribute->text = names->Intern(reader.Text());
        break;
      case kFloats:
        if (!attribute->has_tensor) reader.AppendTo(&attribute->tensor.floats);
        break;
      case kInts:
        if (!attribute->has_tensor) reader.AppendTo(&attribute->tensor.ints);
        break;
      case kT: {
        ASSIGN_OR_RETURN(attribute->tensor, ConvertTensor(ReadStoredTensor(reader.Message())));
        Widen(&attribute->tensor);
        attribute->has_tensor = true;
        break;
      }
      default:
        break;  // graphs, strings: an operator that needs them is not supported
    }
  }
  return {};
}

Status ReadNode(ProtobufReader reader, NameTable* names, OnnxNode* node) {
  while (reader.Next()) {
    switch (reader.field()) {
      case kNodeInput:
        node->inputs.push_back(names->Intern(reader.Text()));
        break;
      case kNodeOutput:
        node->outputs.push_back(names->Intern(reader.Text()));
        break;
      case kNodeName:
        node->name = names->Intern(reader.Text());
        break;
      case kOpType:
        node->op_type = names->Intern(reader.Text());
        break;
      case kDomain:
        node->domain = names->Intern(reader.Text());
        break;
      case kAttribute:
        RETURN_IF_ERROR(ReadAttribute(reader.Message(), names, &node->attributes.emplace_back()));
        break;
      default:
        break;
    }
  }
  return {};
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
    if (shape.size() < Shape::kCapacity) shape.push_back(value < 1 ? -1 : value);
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
          return UnsupportedModel("its graph has more than % nodes", kMaxGraphNodes);
        }
        RETURN_IF_ERROR(ReadNode(reader.Message(), &model->names, &model->nodes.emplace_back()));
        break;
      }
      case kInitializer: {
        StoredTensor stored = ReadStoredTensor(reader.Message());
        auto& [name, tensor] = model->initializers.emplace_back();
        name = model->names.Intern(stored.name);
        ASSIGN_OR_RETURN(tensor, ConvertTensor(std::move(stored)));
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
  List<uint8_t> has_value(model->names.size(), false);
  for (const auto& [name, tensor] : model->initializers) {
    has_value[static_cast<size_t>(name)] = true;
  }
  model->inputs.remove_if([&has_value](const OnnxValueInfo& input) {
    return has_value[static_cast<size_t>(input.name)];
  });
  return {};
}

// OperatorSetIdProto {1: domain, 2: version}
void ReadOpset(ProtobufReader reader, OnnxModel* model) {
  std::string_view domain;
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
      return UnsupportedModel("its input '%' is no tensor", model.names.text(input.name));
  }
  if (model.opset < kMinOpset || model.opset > kMaxOpset) {
    return UnsupportedModel("it uses operator set %; sets % to % are known", model.opset, kMinOpset,
                            kMaxOpset);
  }
  return model;
}

}  // namespace

const Tensor* OnnxModel::FindInitializer(std::string_view name) const {
  for (size_t i = initializers.size(); i-- > 0;) {
    if (names.text(initializers[i].first) == name) return &initializers[i].second;
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
  if (starts_.empty()) {
    starts_.assign(2, 0);
    slots_.assign(kFirstSlots, kNoName);
  }
  if (name.empty()) return kNoName;
  if (size() * 2 >= slots_.size()) {
    slots_.assign(slots_.size() * 2, kNoName);
    for (size_t id = 1; id < size(); ++id) {
      *Slot(text(static_cast<NameId>(id))) = static_cast<NameId>(id);
    }
  }
  NameId* slot = Slot(name);
  if (*slot == kNoName) {
    *slot = static_cast<NameId>(size());
    for (const char c : name) characters_.push_back(c);
    starts_.push_back(characters_.size());
  }
  return *slot;
}

Result<OnnxModel> ReadOnnx(std::span<const uint8_t> bytes, Halves halves) {
  if (bytes.size() > kMaxModelBytes) {
    return UnsupportedModel("its file is larger than % MiB", kMaxModelBytes >> 20);
  }
  bool damaged = false;
  Result<OnnxModel> model = ReadModel(ProtobufReader(bytes, &damaged));
  if (damaged) return CorruptModel("its structure breaks off");
  if (model.ok() && halves == Halves::kWiden) {
    for (auto& [name, tensor] : model.value().initializers) Widen(&tensor);
  }
  return model;
}

Result<std::pair<std::string, Tensor>> ReadOnnxTensor(std::span<const uint8_t> bytes) {
  bool damaged = false;
  StoredTensor stored = ReadStoredTensor(ProtobufReader(bytes, &damaged));
  if (damaged) return CorruptModel("its structure breaks off");
  std::string name(stored.name);
  ASSIGN_OR_RETURN(Tensor tensor, ConvertTensor(std::move(stored)));
  Widen(&tensor);
  return std::pair(std::move(name), std::move(tensor));
}

}  // namespace insitu
