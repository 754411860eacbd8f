#pragma once
#include "db/engine/engine.h"

#include <memory>
#include <utility>

namespace bm::db {

/// Where the first try of a write transaction fails. InTurn: at one of the first seven statements that
/// write, or at the commit if there are fewer. AtCommit: each unit runs as a whole twice.
enum class FirstTry { InTurn, AtCommit };

/// An engine that runs every write transaction twice. The first try ends with a serialization failure, as on
/// an engine with concurrent writers.
class RepeatingConnection final : public Connection {
public:
    RepeatingConnection(std::unique_ptr<Connection> inner, FirstTry fails)
        : inner_(std::move(inner)), fails_(fails)
    {}

protected:
    std::vector<Row> runQuery(std::string_view sql, const std::vector<Value>& parameters) override
    {
        return inner_->query(sql, parameters); // a test's CHECK(find(...)) would catch a failure here
    }
    std::int64_t runExecute(std::string_view sql, const std::vector<Value>& parameters) override
    {
        countStatement();
        return inner_->execute(sql, parameters);
    }
    std::int64_t runNextNumber(std::string_view sequence) override
    {
        countStatement();
        return inner_->nextNumber(sequence);
    }
    bool isLost() const override { return failed_ || inner_->isDoomed(); }
    void runBegin(Access access) override
    {
        inner_->begin(access);
        const bool repeats = std::exchange(failed_, false);
        doomed_ = access == Access::Write && !repeats;
        left_ = fails_ == FirstTry::AtCommit ? 0 : 1 + turn_++ % 7;
    }
    void runCommit() override
    {
        if (doomed_)
            fail();
        inner_->commit();
    }
    void runRollback() override { inner_->rollback(); }

private:
    void countStatement()
    {
        if (doomed_ && left_ > 0 && --left_ == 0)
            fail();
    }
    [[noreturn]] void fail()
    {
        failed_ = true;
        throw SerializationFailure{"the first try of a test"};
    }

    std::unique_ptr<Connection> inner_;
    bool doomed_ = false; ///< this transaction fails
    bool failed_ = false; ///< this transaction or the previous one has failed
    FirstTry fails_;
    unsigned left_ = 0; ///< statements before the failure; 0: at the commit
    unsigned turn_ = 0;
};

class RepeatingEngine final : public Engine {
public:
    explicit RepeatingEngine(std::unique_ptr<Engine> inner, FirstTry fails = FirstTry::InTurn)
        : inner_(std::move(inner)), fails_(fails)
    {}
    std::string place() const override { return inner_->place(); }
    const Dialect& dialect() const override { return inner_->dialect(); }
    std::size_t readers() const override { return inner_->readers(); }
    std::unique_ptr<Connection> connect(Access access) const override
    {
        return std::make_unique<RepeatingConnection>(inner_->connect(access), fails_);
    }
    std::vector<std::string> tables(Transaction& tx) const override { return inner_->tables(tx); }
    std::vector<std::string> problems(Transaction& tx, CheckDepth depth) const override
    {
        return inner_->problems(tx, depth);
    }
    void rewriteTexts(Transaction& tx, std::string_view part,
                      const std::function<std::string(const std::string&)>& rewrite) const override
    {
        inner_->rewriteTexts(tx, part, rewrite);
    }
    void eraseDeleted() const override { inner_->eraseDeleted(); }
    void copyTo(const std::filesystem::path& file, const CopyProgress& progress) const override
    {
        inner_->copyTo(file, progress);
    }

private:
    std::unique_ptr<Engine> inner_;
    FirstTry fails_;
};

} // namespace bm::db
