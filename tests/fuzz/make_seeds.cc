// Writes what the fuzzers start from, all of it made here: FOLDER/NAME/ for each NAME_fuzzer, a
// file a seed.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <span>
#include <string>
#include <string_view>

#include "shared/str_cat.h"
#include "tests/encode_picture.h"
#include "tests/make_image.h"
#include "tests/make_jpeg.h"
#include "tests/make_model.h"

namespace insitu {
namespace {

class Folder {
 public:
  explicit Folder(const std::filesystem::path& path) : path_(path) {
    std::filesystem::create_directories(path);
  }

  void Add(const Bytes& bytes) {
    std::ofstream file(path_ / std::to_string(count_++), std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()), std::ssize(bytes));
    complete_ = complete_ && file.good();
  }

  bool complete() const { return complete_; }

 private:
  std::filesystem::path path_;
  int count_ = 0;
  bool complete_ = true;
};

void AddPngs(Folder* folder) {
  constexpr int kChannels[] = {1, 2, 3, 4};
  for (const int channels : kChannels) {
    folder->Add(EncodePng(NoiseRaster(5, 4, channels, 8), {.filter = 5}));
    folder->Add(EncodePng(NoiseRaster(5, 4, channels, 16), {.interlaced = true}));
  }
  folder->Add(EncodePng(NoiseRaster(9, 3, 1, 1)));
  const Bytes palette = {10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120};
  folder->Add(EncodePng(NoiseRaster(5, 4, 1, 2), {.palette = palette, .transparency = {0, 51}}));
  folder->Add(EncodePng(NoiseRaster(5, 4, 1, 8), {.exif = ExifBlock(6, true)}));
  const Bytes deflated[] = {PngSignature(), PngHeader(8, 10, 8, 0), PngChunk("IDAT", ZlibZeros(90)),
                            PngChunk("IEND", {})};
  folder->Add(Join(deflated));
}

void AddJpegs(Folder* folder) {
  for (const int channels : {1, 3}) {
    const Image image = SmoothImage(19, 17, channels);
    for (const bool progressive : {false, true}) {
      folder->Add(EncodeJpeg(image, {.progressive = progressive, .quantiser = 8}));
      folder->Add(EncodeJpeg(image, {.progressive = progressive,
                                     .chroma_step = 2,
                                     .quantiser = 20,
                                     .restart_interval = 1,
                                     .exif = ExifBlock(8, false)}));
    }
  }
}

void AddBmpsAndPnms(Folder* folder) {
  const Image image = NoiseImage(5, 4, 3);
  for (const int depth : {1, 4, 8, 16, 24, 32}) {
    folder->Add(EncodeBmp(image, {.depth = depth}));
    folder->Add(EncodeBmp(image, {.depth = depth, .top_down = true}));
  }
  folder->Add(EncodeBmp(image, {.depth = 32, .with_alpha = true, .alpha = 90}));
  folder->Add(EncodeBmp(image, {.depth = 4, .old_header = true}));
  for (const char kind : {'2', '3', '5', '6'}) {
    const int channels = kind == '2' || kind == '5' ? 1 : 3;
    folder->Add(EncodePnm(NoiseRaster(3, 2, channels, 8), kind, 255));
    folder->Add(EncodePnm(NoiseRaster(3, 2, channels, 16), kind, 65535));
  }
  folder->Add(FromText("P2 # a comment\n1 1 255 7\n"));
}

// By how much it is reduced and in what parts it comes, as tests/fuzz/codec_fuzzing.h reads it.
void AddStrips(Folder* folder, const Bytes& file) {
  for (const uint8_t how : Bytes{0, 2, 131}) {
    Bytes seed = {how, how};
    seed.insert(seed.end(), file.begin(), file.end());
    folder->Add(seed);
  }
}

bool AddCodecs(const std::filesystem::path& path) {
  Folder pngs(path / "png_strip");
  Folder jpegs(path / "jpeg_strip");
  Folder wavelets(path / "jpeg2000");
  Folder predictions(path / "jpegls");
  for (const int channels : {1, 3}) {
    for (const int depth : {8, 16}) {
      const KnownSamples known = SoftSamples(21, 18, channels, depth);
      AddStrips(&pngs, EncodePng(NoiseRaster(9, 7, channels, depth), {.filter = 5}));
      AddStrips(&pngs, EncodePng(NoiseRaster(9, 7, channels + 1, depth), {.interlaced = true}));
      for (const int tile : {0, 8}) {
        for (const char* kind : {"jpeg2000", "jp2"}) {
          Bytes seed = {static_cast<uint8_t>(tile / 8)};
          const Bytes file = EncodePicture(kind, known, {{"tile", tile}, {"lossy", tile / 8}});
          seed.insert(seed.end(), file.begin(), file.end());
          wavelets.Add(seed);
        }
      }
      for (const int interleave : {0, 1, 2}) {
        if (channels == 1 && interleave > 0) continue;
        predictions.Add(EncodePicture("jpegls", known, {{"interleave", interleave}, {"near", 0}}));
        predictions.Add(EncodePicture("jpegls", known, {{"interleave", interleave}, {"near", 2}}));
      }
    }
    for (const int progressive : {0, 1}) {
      const KnownSamples known = SoftSamples(35, 26, channels, 8);
      AddStrips(&jpegs, EncodePicture("jpeg", known, {{"progressive", progressive}}));
      AddStrips(&jpegs, EncodePicture("jpeg", known, {{"subsampling", 2}, {"restart", 1}}));
    }
  }
  Folder tiles(path / "deflate");
  for (const Bytes& packed : {ZlibStored(NoiseImage(5, 4, 3).pixels), ZlibZeros(60)}) {
    for (const uint8_t size : Bytes{0, 59, 60, 61}) {
      Bytes seed = {0, size};
      seed.insert(seed.end(), packed.begin(), packed.end());
      tiles.Add(seed);
    }
  }
  const Bytes palette = {10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120};
  AddStrips(&pngs,
            EncodePng(NoiseRaster(5, 4, 1, 2),
                      {.palette = palette, .transparency = {0, 51}, .exif = ExifBlock(6, true)}));
  return pngs.complete() && jpegs.complete() && wavelets.complete() && predictions.complete() &&
         tiles.complete();
}

// One node on a small image, for the operators that MakeClassifierModel lacks.
Bytes OneNode(const std::string& op_type, const std::vector<Attribute>& attributes = {},
              const std::vector<std::string>& further_inputs = {}) {
  std::vector<std::string> inputs = {"x"};
  inputs.insert(inputs.end(), further_inputs.begin(), further_inputs.end());
  ModelBuilder model;
  model.Input("x", {1, 3, 4, 5}).Output("y");
  model.Floats("c", {3, 1, 1}, {1, -2, 3}).Ints("to", {1, -1}).Ints("axes", {2, 3});
  model.Ints("starts", {1, 1}).Ints("ends", {3, 4}).Ints("pads", {0, 0, 1, 1, 0, 0, 1, 1});
  model.Floats("three", {3}, {1, 2, 3}).WholeNumbers("whole", {2, 3, 1, 1});
  return model.Node(op_type, inputs, {"y"}, attributes).Bytes();
}

void AddModels(Folder* folder) {
  using Integers = std::vector<int64_t>;
  const Attribute kernel{"kernel_shape", Integers{2, 2}};
  folder->Add(MakeClassifierModel());
  folder->Add(MakeClassifierModel({.side = 6, .channels = 1, .logits = true}));
  for (const char* op_type :
       {"Relu", "LeakyRelu", "Sigmoid", "HardSigmoid", "HardSwish", "Tanh", "Softmax", "Flatten",
        "GlobalAveragePool", "GlobalMaxPool", "Identity", "Dropout", "Clip", "Transpose"}) {
    folder->Add(OneNode(op_type));
  }
  for (const char* op_type : {"Add", "Sub", "Mul", "Div", "PRelu"}) {
    folder->Add(OneNode(op_type, {}, {"c"}));
  }
  folder->Add(OneNode("Conv", {}, {"whole"}));
  for (const char* op_type : {"MaxPool", "AveragePool"}) {
    folder->Add(OneNode(op_type, {kernel, {"strides", Integers{2, 1}}, {"pads", Integers(4, 1)}}));
    folder->Add(OneNode(op_type, {kernel, {"auto_pad", std::string("SAME_LOWER")}}));
  }
  folder->Add(OneNode("LRN", {{"size", int64_t{3}}}));
  folder->Add(OneNode("Concat", {{"axis", int64_t{1}}}, {"x"}));
  folder->Add(OneNode("ReduceMean", {{"axes", Integers{2, 3}}}));
  folder->Add(OneNode("Reshape", {}, {"to"}));
  folder->Add(OneNode("Unsqueeze", {}, {"axes"}));
  folder->Add(OneNode("Slice", {}, {"starts", "ends", "axes"}));
  folder->Add(OneNode("Pad", {}, {"pads"}));
  folder->Add(OneNode("BatchNormalization", {}, {"three", "three", "three", "three"}));
}

void AddRequests(Folder* folder) {
  constexpr std::string_view kRequests[] = {
      "GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n",
      "GET /app.js?x=1 HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip;q=0.5, br, *;q=0\r\n\r\n",
      "HEAD /a%20b/../c HTTP/1.1\r\nHost: a\r\nIf-None-Match: W/\"0123\", \"4\"\r\n\r\n",
      "OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, close\r\n\r\n",
      "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
      "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET / HTTP/1.0\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nCookie: a=1; b=2\r\ncookie: __Host-insitu-device=x=y\r\n\r\n",
      "a=1; __Host-insitu-session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA; ;b=",
      "*/*;q=0.1,br;q=0.001",
      "cursor=a%20b&limit=+20",
      "1.2.3.4, 2001:db8::1, 127.0.0.1"};
  for (const std::string_view request : kRequests) folder->Add(FromText(request));
}

void AddJsonBodies(Folder* folder) {
  constexpr std::string_view kBodies[] = {
      "{}", R"({"username":"ab","user_key_version":1,"recovery_confirmed":true})",
      R"({"username":"\u00e4\ud83d\ude00","recovery":{"auth_key":"A-_","wrapped_user_key":null}})",
      R"({"a":[[[[]]],{"b":-1.5e3}],"a~/b":18446744073709551615})", R"({"a":1,"a":2})"};
  for (const std::string_view body : kBodies) folder->Add(FromText(body));
}

void AddConfigs(Folder* folder) {
  constexpr std::string_view kConfigs[] = {
      "site = \"build/site\"\nhost = \"::1\"\nport = 8080\n",
      "behind_proxy = true\ntrusted_proxies = [\"10.0.0.0/8\"]\norigins = [\"https://a.b\"]\n",
      "[tls]\ncertificate = 'c'\nkey = 'k'\n[metrics]\nhost = \"127.0.0.1\"\nport = 0\n",
      "accounts.registration = \"open\"\nstorage = {mode = \"e2e\", quota_bytes = 1_048_576}\n",
      "[sessions]\nidle_seconds = 0x3C\nabsolute_seconds = 1979-05-27T07:32:00Z\n"};
  for (const std::string_view config : kConfigs) folder->Add(FromText(config));
}

void AddModelInfos(Folder* folder) {
  constexpr std::string_view kNeeded =
      "insitu.id=best\ninsitu.version=1.0.0\ninsitu.kind=histology\ninsitu.labels=no IDC,IDC\n"
      "insitu.positive=IDC\ninsitu.verdict.positive=IDC\ninsitu.verdict.negative=none\n"
      "insitu.um_per_pixel=4\ninsitu.fit=crop\ninsitu.mean=0.8,0.6,0.7\ninsitu.std=0.1,0.2,0.2\n"
      "insitu.threshold=0.3\ninsitu.threshold.sensitivity=0.8\n"
      "insitu.threshold.specificity=0.8\ninsitu.training.data=made\n"
      "insitu.training.commit=0a\ninsitu.known_answer=0.9,0.1\ninsitu.self_sha256=";
  const std::string whole = StrCat(kNeeded, std::string(64, '0'), "\n");
  folder->Add(FromText(whole));
  folder->Add(FromText(StrCat(whole,
                              "insitu.output=logits\ninsitu.temperature=1.5\n"
                              "insitu.calibration.interval=0:0:0.1,0.5:0.4:0.6,1:0.9:1\n"
                              "insitu.uncertain=0.14,0.53,0.9\ninsitu.pad_value=7\n"
                              "insitu.operating_points=screen:0.1:0.95:0.65,balanced:0.3:0.8:0.8\n"
                              "insitu.warning=weak\n")));
}

void AddModelConfigs(Folder* folder) {
  constexpr std::string_view kAll =
      "id = \"made\"\nversion = \"1.0.0\"\nkind = \"mammogram\"\num_per_pixel = 200\n"
      "labels = [\"none\", \"some\"]\nverdicts = [\"nothing\", \"something\"]\nwarning = 'few'\n"
      "prevalence = 0.3\nfolds = 3\nseed = 7\nturns = 4\n"
      "[input]\nside = 40\ncolours = \"grey\"\nfit = \"pad\"\n"
      "[[layer]]\nkind = \"convolution\"\nfilters = 8\nside = 4\nstride = 2\npool = 2\n"
      "[[layer]]\nkind = \"separable\"\nfilters = 8\npadding = 1\nresidual = true\nrepeat = 2\n"
      "[[layer]]\nkind = \"max_pool\"\nside = 2\n"
      "[[layer]]\nkind = \"global_average_pool\"\ndropout = 0.25\n"
      "[[layer]]\nkind = \"dense\"\nfilters = 4\n"
      "[training]\nepochs = 3\nsteps = 10\nbatch = 64\nlearning_rate = 1e-3\nmixup = 0.2\n"
      "[augmentation]\nstain_scale = 0.1\nturn = 180\n"
      "[distillation]\nparts = 3\nepochs = 2\nweight = 0.7\n";
  constexpr std::string_view kConfigs[] = {
      kAll, "folds = 2, training.epochs = 3, augmentation.blur = 0.5, input = {side = 30}",
      "layer = [{kind = \"dense\", filters = 3}], distillation = {parts = 2}"};
  for (const std::string_view config : kConfigs) folder->Add(FromText(config));
}

void AddEvaluationCheckpoints(Folder* folder) {
  const std::string digits(64, 'b');
  const std::string line =
      StrCat(R"({"index":1,"file":"9/0/a.png","sha256":")", digits, R"(","answer":0.1})", "\n");
  folder->Add(FromText(line));
  folder->Add(FromText(StrCat(line, line, R"({"index":2,"file":"b","sha256":")", digits,
                              R"(","answer":{"marks":[1,2.5,null]}})", "\n", R"({"index)")));
  folder->Add(FromText(R"({"marks":[[3,-4,0.5]],"probabilities":[0.1,0.2]})"));
  folder->Add(FromText(StrCat(R"({"checkpoint":1,"command":"evaluate","model":")", digits,
                              R"(","items":")", digits, "\"}\n", line)));
}

void AddLists(Folder* folder) {
  const std::string digits(64, 'a');
  const std::string lists[] = {
      "image,background_tissue,abnormality,severity,x,y,radius,woman\nmdb001,G,CIRC,B,535,425,197,"
      "w1"
      "\nmdb002,D,NORM,,,,,w1\n",
      "repeat,woman,model\n1,w1,a.onnx\n2,w1,b.onnx\n",
      "10253_idx5_x1001_y1001_class0.png",
      "8863\r\n\n 8867\t\n",
      "case,negative,positive\n10253,479,70\r\n8863,0,12\n",
      R"({"csp":"default-src 'self'","worker_csp":"default-src 'none'","workers":["w.js"]})",
      StrCat(R"({"format":"insitu-backup/1","schema_version":1,"made_at":2,"audit_head":")", digits,
             R"(","files":{"insitu.db":{"bytes":3,"sha256":")", digits, R"("}}})"),
      "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:, md5=:AAAA:",
      "$argon2id$v=19$m=65536,t=3,p=4,keyid=AAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA$"
      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
  for (const std::string& list : lists) folder->Add(FromText(list));
}

bool MakeSeeds(const std::filesystem::path& path) {
  Folder images(path / "image");
  AddPngs(&images);
  AddJpegs(&images);
  AddBmpsAndPnms(&images);
  Folder models(path / "onnx");
  AddModels(&models);
  Folder requests(path / "request_head");
  AddRequests(&requests);
  Folder bodies(path / "json_body");
  AddJsonBodies(&bodies);
  Folder configs(path / "config");
  AddConfigs(&configs);
  Folder infos(path / "model_info");
  AddModelInfos(&infos);
  Folder lists(path / "lists");
  AddLists(&lists);
  Folder model_configs(path / "model_config");
  AddModelConfigs(&model_configs);
  Folder checkpoints(path / "evaluation_checkpoint");
  AddEvaluationCheckpoints(&checkpoints);
  if (!AddCodecs(path)) return false;
  return images.complete() && models.complete() && requests.complete() && bodies.complete() &&
         configs.complete() && infos.complete() && lists.complete() && model_configs.complete() &&
         checkpoints.complete();
}

}  // namespace
}  // namespace insitu

int main(int argc, char** argv) {
  const std::span arguments(argv, static_cast<size_t>(argc));
  if (arguments.size() != 2) {
    std::cerr << "make_seeds FOLDER\n";
    return 2;
  }
  if (insitu::MakeSeeds(arguments[1])) return 0;
  std::cerr << "The seeds could not be written to " << arguments[1] << ".\n";
  return 1;
}
