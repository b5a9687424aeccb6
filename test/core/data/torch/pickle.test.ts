import * as assert from "uvu/assert";
import { PickleBytes } from "../../../../core/data/torch/pickle-bytes.ts";
import { readPickle } from "../../../../core/data/torch/pickle.ts";
import { isKind } from "../../../../core/data/torch/pickle-values.ts";
import type { PickleValue } from "../../../../core/data/torch/pickle-values.ts";
import { torchDialect } from "../../../../core/data/torch/torch-dialect.ts";
import { suite } from "../../../suite.ts";
import { throwsWith } from "../expect-error.ts";

function read(latin1: string): PickleValue {
  const bytes = Buffer.from(latin1, "latin1");
  return readPickle(new PickleBytes(bytes, (byte) => ({ file: "x.pt", byte })), torchDialect);
}

/** A tensor of two floats in a storage of four, with its sizes, strides and offset replaced. */
function tensor({ size = "K\x02\x85", stride = "K\x01\x85", offset = "K\x00", elements = "K\x04" } = {}): string {
  const storage = `(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpu${elements}tQ`;
  return `\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(${storage}${offset}${size}${stride}\x89ccollections\nOrderedDict\n)RtR.`;
}

suite("pickles", (test) => {
  test("hold plain values of every protocol", () => {
    const cases: readonly (readonly [string, PickleValue])[] = [
      ["N.", null],
      ["I01\n.", true],
      ["I-12\n.", -12],
      ["L123456789012345678901234L\n.", 123456789012345678901234n],
      ["\x80\x02\x8a\x02\x00\xff.", -256],
      ["\x8a\x00.", 0],
      ["J\xff\xff\xff\xff.", -1],
      ["M\x01\x02.", 513],
      ["F-2.5\n.", -2.5],
      ["G\x3f\xf8\x00\x00\x00\x00\x00\x00.", 1.5],
      ["X\x02\x00\x00\x00\xc3\xa9.", "\u00e9"],
      ["\x8c\x01a\x94h\x00\x86" + "0\x8c\x01b.", "b"],
      ["\x80\x04\x95\x03\x00\x00\x00\x00\x00\x00\x00K\x07.", 7],
    ];
    for (const [text, value] of cases) assert.equal(read(text), value, JSON.stringify(text));
  });

  test("hold lists, tuples and dicts, through the memo too", () => {
    const dict = read("\x80\x02}q\x00(X\x01\x00\x00\x00aK\x01X\x01\x00\x00\x00b]q\x01(K\x02K\x03eu.");
    assert.ok(isKind(dict, "dict"));
    const list = dict.entries.get("b");
    assert.ok(isKind(list, "list"));
    assert.equal([dict.entries.get("a"), list.items], [1, [2, 3]]);
    const cyclic = read("]q\x00h\x00a.");
    assert.ok(isKind(cyclic, "list"));
    assert.is(cyclic.items[0], cyclic);
  });

  test("describe tensors", () => {
    const found = read(tensor());
    assert.ok(isKind(found, "tensor"));
    assert.equal([found.shape, found.strides, found.offset, found.storage.numElements], [[2], [1], 0, 4]);
  });

  test("a tensor must lie inside its storage", () => {
    for (const change of [
      { offset: "K\x03" },
      { size: "K\x05\x85" },
      { stride: "K\x04\x85" },
      { size: "K\x02K\x02\x86" },
      { size: "J\xff\xff\xff\xff\x85" },
      { offset: "J\xff\xff\xff\xff" },
      { offset: "N" },
      { size: "\x8a\x07\xff\xff\xff\xff\xff\xff\x1f\x85" },
      {
        size: "\x8a\x07\xff\xff\xff\xff\xff\xff\x1f\x8a\x07\xff\xff\xff\xff\xff\xff\x1f\x86",
        stride: "K\x01K\x01\x86",
      },
      { elements: "J\xff\xff\xff\xff" },
    ]) {
      throwsWith("TORCH_FILE_CORRUPT", () => read(tensor(change)));
    }
    throwsWith("TORCH_FILE_UNSUPPORTED", () => read(tensor({ size: "M\xe8\x03\x85", stride: "K\x00\x85" })));
  });

  test("nothing but tensors is named, made or called, and the error names it", () => {
    const harmful: readonly (readonly [string, RegExp])[] = [
      ["cos\nsystem\n(S'echo'\ntR.", /os\.system/],
      ["cposix\nsystem\n(X\x04\x00\x00\x00echotR.", /posix\.system/],
      ["\x80\x04\x8c\x08builtins\x8c\x04eval\x93(\x8c\x011tR.", /builtins\.eval/],
      ["cbuiltins\nexec\n.", /builtins\.exec/],
      ["ctorch\nload\n.", /torch\.load/],
      ["ctorch._utils\n_rebuild_tensor\n.", /_rebuild_tensor/],
      ["(ios\nsystem\n.", /instance of a class/],
      ["(ccollections\nOrderedDict\no.", /instance of a class/],
      ["ccollections\nOrderedDict\n)\x81.", /new object/],
      ["\x82\x01.", /extension/],
      ["ccollections\nOrderedDict\n}b.", /the state of collections\.OrderedDict/],
      ["K\x01)R.", /a call of 1/],
      ["ctorch\nFloatStorage\n)R.", /a call of torch\.FloatStorage/],
    ];
    for (const [text, name] of harmful) {
      const error = throwsWith("TORCH_FILE_FORBIDDEN", () => read(text));
      assert.match(error.received ?? "", name);
      assert.match(error.where ?? "", /^x\.pt, byte \d+$/);
      assert.match(error.next ?? "", /torch\.save only its state dict/);
    }
  });

  test("lengths are checked before memory is taken, instructions before the stack is touched", () => {
    for (const text of [
      ...["X\xff\xff\xff\x7fa.", "\x8d\xff\xff\xff\xff\xff\xff\xff\x7fa.", "\x8c\xffa.", "\x8b\xff\x00\x00\x00."],
      ...["", "N", "(", "0.", "1.", "a.", "e.", "s.", "R.", "t.", "h\x05.", "j\x00\x00\x00\x01.", "\xff.", "(0."],
      ...["]NN\x86s.", "}(Nu.", "}N\x85Ns.", "Ixyz\n.", "Fabc\n.", "X\x01\x00\x00\x00\xff.", "I1", "Q.", "NQ."],
    ]) {
      try {
        read(text);
        throw new Error(`was read: ${JSON.stringify(text)}`);
      } catch (error) {
        assert.match(
          String(error),
          /\[TORCH_FILE_(CORRUPT|UNSUPPORTED)\]\n {2}where {5}x\.pt, byte \d+\n/,
          JSON.stringify(text),
        );
      }
    }
    throwsWith("TORCH_FILE_UNSUPPORTED", () => read("\x80\x06N."));
    throwsWith("TORCH_FILE_UNSUPPORTED", () => read("}N\x85Ns."));
  });
});
