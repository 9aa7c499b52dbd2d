// Nodes on loopback for the tests of the transport: identities on disk, pins that can be taken away, and a replicator's
// place taken by one that remembers.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "common/crypto/tls_identity.h"
#include "server/replicate/grpc_transport.h"

namespace cairn {

// The pins of all nodes of a test; what the charter is for a node.
class Pins {
 public:
  void Set(const std::string& spki, const std::string& node) {
    absl::MutexLock lock(&mutex_);
    nodes_[spki] = node;
  }
  void Remove(const std::string& spki) {
    absl::MutexLock lock(&mutex_);
    nodes_.erase(spki);
  }
  FindPinnedNode Finder() {
    return [this](absl::string_view spki) -> std::optional<std::string> {
      absl::MutexLock lock(&mutex_);
      const auto found = nodes_.find(std::string(spki));
      if (found == nodes_.end()) return std::nullopt;
      return found->second;
    };
  }

 private:
  absl::Mutex mutex_;
  std::map<std::string, std::string> nodes_;
};

// Remembers what came, sends what it is given.
class RecordingEvents : public StreamEvents {
 public:
  absl::StatusOr<SessionId> OnConnected(const std::string& node, bool, std::shared_ptr<PeerStream> stream) override {
    absl::MutexLock lock(&mutex_);
    if (refuse_) return absl::AlreadyExistsError("duplicate stream");
    connected_ = node;
    stream_ = std::move(stream);
    return ++sessions_;
  }
  void OnMessage(SessionId, v1::SyncMessage message) override {
    absl::MutexLock lock(&mutex_);
    CountIfLate();
    mutex_.Await(absl::Condition(
        +[](bool* held) { return !*held; }, &hold_));
    received_.push_back(std::move(message));
  }
  std::optional<v1::SyncMessage> NextMessage(SessionId) override {
    absl::MutexLock lock(&mutex_);
    CountIfLate();
    if (outbox_.empty()) return std::nullopt;
    v1::SyncMessage next = std::move(outbox_.front());
    outbox_.pop_front();
    return next;
  }
  void OnClosed(SessionId, const absl::Status& why) override {
    absl::MutexLock lock(&mutex_);
    CountIfLate();
    closed_ = why;
  }
  void OnDialFailed(const std::string&, const absl::Status& why) override {
    absl::MutexLock lock(&mutex_);
    failed_ = why;
  }

  void Send(v1::SyncMessage message) {
    std::shared_ptr<PeerStream> stream;
    {
      absl::MutexLock lock(&mutex_);
      outbox_.push_back(std::move(message));
      stream = stream_;
    }
    stream->Wake();
  }
  void Close(const absl::Status& why) {
    std::shared_ptr<PeerStream> stream;
    {
      absl::MutexLock lock(&mutex_);
      stream = stream_;
    }
    stream->Close(why);
  }
  void RefuseStreams() {
    absl::MutexLock lock(&mutex_);
    refuse_ = true;
  }
  // While held, OnMessage does not return.
  void Hold(bool hold) {
    absl::MutexLock lock(&mutex_);
    hold_ = hold;
  }

  // Each waits; the tests have a deadline of their own.
  std::string AwaitConnected() {
    absl::MutexLock lock(&mutex_);
    return Await([this] { return connected_.has_value(); }) ? *connected_ : "nobody connected";
  }
  absl::Status AwaitClosed(absl::Duration limit = absl::Seconds(20)) {
    absl::MutexLock lock(&mutex_);
    return Await([this] { return closed_.has_value(); }, limit) ? *closed_ : absl::OkStatus();
  }
  absl::Status AwaitFailed() {
    absl::MutexLock lock(&mutex_);
    return Await([this] { return failed_.has_value(); }) ? *failed_ : absl::OkStatus();
  }
  std::vector<v1::SyncMessage> AwaitReceived(size_t count) {
    absl::MutexLock lock(&mutex_);
    Await([&] { return received_.size() >= count; });
    return received_;
  }
  bool closed() {
    absl::MutexLock lock(&mutex_);
    return closed_.has_value();
  }
  // Calls for the session that came when OnClosed had been its last.
  int calls_after_close() {
    absl::MutexLock lock(&mutex_);
    return late_calls_;
  }
  size_t unsent() {
    absl::MutexLock lock(&mutex_);
    return outbox_.size();
  }

 private:
  template <typename Predicate>
  bool Await(const Predicate& predicate, absl::Duration limit = absl::Seconds(20)) {
    return mutex_.AwaitWithTimeout(absl::Condition(&predicate), limit);
  }

  void CountIfLate() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { late_calls_ += closed_.has_value() ? 1 : 0; }

  absl::Mutex mutex_;
  int late_calls_ = 0;
  bool refuse_ = false;
  bool hold_ = false;
  SessionId sessions_ = 0;
  std::shared_ptr<PeerStream> stream_;
  std::deque<v1::SyncMessage> outbox_;
  std::vector<v1::SyncMessage> received_;
  std::optional<std::string> connected_;
  std::optional<absl::Status> closed_;
  std::optional<absl::Status> failed_;
};

inline void WriteText(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::trunc) << text;
}

// An identity in files, pinned unless said otherwise.
struct TestIdentity {
  TestIdentity(const std::string& node, Pins* pins, bool pinned = true,
               absl::Time made = absl::FromUnixSeconds(1'800'000'000))
      : identity(*MakeTlsIdentity(node, made)),
        key_path(absl::StrCat(testing::TempDir(), "/", node, ".", getpid(), ".key")),
        certificate_path(absl::StrCat(testing::TempDir(), "/", node, ".", getpid(), ".crt")) {
    WriteText(key_path, identity.key_pem);
    WriteText(certificate_path, identity.certificate_pem);
    if (pinned) pins->Set(identity.spki_sha256, node);
  }
  ~TestIdentity() {
    std::filesystem::remove(key_path);
    std::filesystem::remove(certificate_path);
  }
  const std::string& spki() const { return identity.spki_sha256; }

  const TlsIdentity identity;
  const std::string key_path;
  const std::string certificate_path;
};

// A node that listens on loopback.
struct TestNode {
  TestNode(const std::string& name, Pins* pins, bool pinned = true, KeepaliveOptions keepalive = {},
           absl::Duration write_timeout = absl::Seconds(120), absl::Duration handshake_timeout = absl::Seconds(10))
      : id(name),
        identity(name, pins, pinned),
        transport({.tls_key = identity.key_path,
                   .tls_certificate = identity.certificate_path,
                   .connect_timeout = absl::Seconds(2),
                   .write_timeout = write_timeout,
                   .handshake_timeout = handshake_timeout,
                   .keepalive = keepalive},
                  &events, pins->Finder()) {
    const absl::Status listening = transport.Listen("127.0.0.1:0");
    EXPECT_TRUE(listening.ok()) << listening;
  }
  DialTarget target() const { return {id, absl::StrCat("127.0.0.1:", transport.port()), identity.spki()}; }

  const std::string id;
  TestIdentity identity;
  RecordingEvents events;
  GrpcTransport transport;
};

inline v1::SyncMessage Goodbye(const std::string& reason) {
  v1::SyncMessage message;
  message.mutable_goodbye()->set_reason(reason);
  return message;
}

}  // namespace cairn
