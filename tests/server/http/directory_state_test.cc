#include "server/http/directory_state.h"

#include "tests/server/directory/test_directory.h"

namespace cairn {
namespace {

class DirectoryStateTest : public DirectoryTest {
 protected:
  DirectoryStateTest() : states_(EdgeParts{db_.store.get(), Source(), &db_.clock}) {}

  DirectoryState Find(const Reader& reader = Reader::Anonymous()) {
    const absl::StatusOr<DirectoryState> state = states_.Find(reader);
    EXPECT_TRUE(state.ok()) << state.status();
    return state.ok() ? *state : DirectoryState();
  }
  DirectoryStates states_;
};

TEST_F(DirectoryStateTest, StaysWhileNothingChangesAndMovesWithARecord) {
  db_.Publish(pl_, {TestService(1, "One")});
  const DirectoryState before = Find();
  db_.clock.Advance(absl::Seconds(5));
  EXPECT_EQ(Find().tag, before.tag);
  EXPECT_EQ(Find().changed, before.changed);
  db_.Publish(pl_, {TestService(2, "Two")});
  EXPECT_NE(Find().tag, before.tag);
  EXPECT_EQ(Find().changed, before.changed + absl::Seconds(5));
}

TEST_F(DirectoryStateTest, DoesNotTellThatSomethingChangedWhichTheReaderMayNotSee) {
  db_.Publish(pl_, {TestService(3, "One")});
  const DirectoryState before = Find();
  const DirectoryState of_member = Find(Reader::Partner("lv-y"));
  db_.clock.Advance(absl::Seconds(5));
  db_.Publish(police_, {TestService(4, "Shelter")});
  EXPECT_EQ(Find().tag, before.tag);
  EXPECT_EQ(Find().changed, before.changed);
  EXPECT_NE(Find(Reader::Partner("lv-y")).tag, of_member.tag);
}

TEST_F(DirectoryStateTest, MovesWithTheCharter) {
  const DirectoryState before = Find();
  v1::Charter charter = charter_->charter();
  charter.set_version(2);
  SetCharter(charter);
  EXPECT_NE(Find().tag, before.tag);
}

}  // namespace
}  // namespace cairn
