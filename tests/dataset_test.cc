#include "model/dataset.h"

#include <catch_amalgamated.hpp>
#include <filesystem>
#include <fstream>
#include <string>

namespace insitu {
namespace {

namespace fs = std::filesystem;

// A folder of files that goes away at the end of the test.
class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "insitu_dataset_XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { fs::remove_all(path_); }

  std::string Write(const std::string& name, const std::string& text) const {
    const fs::path path = path_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return path.string();
  }
  std::string path() const { return path_.string(); }

 private:
  fs::path path_;
};

TEST_CASE("A patch's name gives its case and its class", "[dataset]") {
  const auto patch = ParsePatchName("10253_idx5_x1001_y1051_class1.png");
  REQUIRE(patch.ok());
  CHECK(patch.value().case_id == "10253");
  CHECK(patch.value().label == 1);
}

TEST_CASE("A name that does not tell case and class is an error", "[dataset]") {
  for (const char* name : {"", "patch.png", "10253_idx5_x1_y1.png", "10253_idx5_class2.png",
                           "_idx5_x1_y1_class0.png", "10253_idx5_class10.png", "class0.png"}) {
    CAPTURE(name);
    CHECK(!ParsePatchName(name).ok());
  }
}

TEST_CASE("Patches are listed by case and name with the class of their folder", "[dataset]") {
  const Folder folder;
  folder.Write("9/1/9_idx5_x1_y1_class1.png", "a");
  folder.Write("10/0/10_idx5_x51_y1_class0.png", "b");
  folder.Write("10/0/10_idx5_x1_y1_class0.PNG", "c");
  folder.Write("10/notes.txt", "no patch");
  folder.Write("10/preview.png", "no patch either");
  const auto list = ListPatches(folder.path());
  REQUIRE(list.ok());
  REQUIRE(list.value().patches.size() == 3);
  CHECK(list.value().patches[0].path.ends_with("10_idx5_x1_y1_class0.PNG"));
  CHECK(list.value().patches[0].case_id == "10");
  CHECK(list.value().patches[0].label == 0);
  CHECK(list.value().patches[2].case_id == "9");
  CHECK(list.value().patches[2].label == 1);
  CHECK(list.value().ignored == 2);
  CHECK(list.value().errors.empty());
}

TEST_CASE("The second copy of the set inside the Kaggle archive does not count", "[dataset]") {
  const Folder folder;
  folder.Write("9/1/9_idx5_x1_y1_class1.png", "same");
  folder.Write("IDC_regular_ps50_idx5/9/1/9_idx5_x1_y1_class1.png", "same");
  const auto list = ListPatches(folder.path());
  REQUIRE(list.ok());
  CHECK(list.value().patches.size() == 1);
  CHECK(list.value().duplicates == 1);
  CHECK(list.value().errors.empty());
}

TEST_CASE("The nested folder alone is read like any other", "[dataset]") {
  const Folder folder;
  folder.Write("IDC_regular_ps50_idx5/9/1/9_idx5_x1_y1_class1.png", "a");
  const auto list = ListPatches(folder.path());
  REQUIRE(list.ok());
  CHECK(list.value().patches.size() == 1);
  CHECK(list.value().duplicates == 0);
}

TEST_CASE("Two patches of one name with different contents are an error", "[dataset]") {
  const Folder folder;
  folder.Write("9/1/9_idx5_x1_y1_class1.png", "one");
  folder.Write("other/9/1/9_idx5_x1_y1_class1.png", "two");
  const auto list = ListPatches(folder.path());
  REQUIRE(list.ok());
  CHECK(list.value().patches.size() == 1);
  REQUIRE(list.value().errors.size() == 1);
  CHECK(list.value().errors[0].path.find("other") != std::string::npos);
}

TEST_CASE("A class in the name that contradicts the folder is an error naming the file",
          "[dataset]") {
  const Folder folder;
  folder.Write("9/0/9_idx5_x1_y1_class1.png", "a");
  folder.Write("9/0/9_idx5_x1_y51_class0.png", "b");
  const auto list = ListPatches(folder.path());
  REQUIRE(list.ok());
  CHECK(list.value().patches.size() == 1);
  REQUIRE(list.value().errors.size() == 1);
  CHECK(list.value().errors[0].path.ends_with("9/0/9_idx5_x1_y1_class1.png"));
  CHECK(list.value().errors[0].error.code == ErrorCode::kInvalidArgument);
}

TEST_CASE("A folder without patches is an error, as is one that is not there", "[dataset]") {
  const Folder folder;
  folder.Write("9/images/9_idx5_x1_y1_class1.png", "not in a class folder");
  CHECK(!ListPatches(folder.path()).ok());
  CHECK(!ListPatches(folder.path() + "/absent").ok());
}

TEST_CASE("A case list keeps its cases and names those without patches", "[dataset]") {
  const Folder folder;
  folder.Write("9/1/9_idx5_x1_y1_class1.png", "a");
  folder.Write("10/1/10_idx5_x1_y1_class1.png", "b");
  folder.Write("10/0/10_idx5_x9_y1_class1.png", "wrong folder");
  const auto cases = ReadCaseList(folder.Write("cases.txt", "9\r\n\n 77 \n9\n"));
  REQUIRE(cases.ok());
  CHECK(cases.value() == std::vector<std::string>{"9", "77"});
  auto list = ListPatches(folder.path());
  REQUIRE(list.ok());
  CHECK(list.value().errors.size() == 1);
  CHECK(KeepCases(cases.value(), &list.value()) == std::vector<std::string>{"77"});
  REQUIRE(list.value().patches.size() == 1);
  CHECK(list.value().patches[0].case_id == "9");
  CHECK(list.value().errors.empty());
}

TEST_CASE("The text of a case list is read as its file is, and an empty one names the path",
          "[dataset]") {
  const auto cases = ParseCaseList("\n 9\r\n77\t\n9", "cases.txt");
  REQUIRE(cases.ok());
  CHECK(cases.value() == std::vector<std::string>{"9", "77"});
  const auto empty = ParseCaseList(" \r\n", "cases.txt");
  REQUIRE(!empty.ok());
  CHECK(empty.error().message == "The list cases.txt names no case.");
}

TEST_CASE("An empty or absent case list is an error naming it", "[dataset]") {
  const Folder folder;
  const auto empty = ReadCaseList(folder.Write("cases.txt", " \n\n"));
  REQUIRE(!empty.ok());
  CHECK(empty.error().message.find("cases.txt") != std::string::npos);
  CHECK(!ReadCaseList(folder.path() + "/absent.txt").ok());
}

}  // namespace
}  // namespace insitu
