import * as assert from "uvu/assert";
import { decodeTensor, encodeTensor } from "../../../core/data/tensor-bytes.ts";
import type { WritableTensor } from "../../../core/data/tensor-bytes.ts";
import { suite } from "../../suite.ts";
import { throwsWith } from "./expect-error.ts";

/** Bytes in a buffer of their own. */
const bytesOf = (...values: readonly number[]): Uint8Array<ArrayBuffer> => Uint8Array.from(values);

suite("tensor-bytes", (test) => {
  test("decodes little-endian bytes of each type", () => {
    assert.equal(decodeTensor("F32", bytesOf(0, 0, 0xc0, 0x3f)), Float32Array.of(1.5));
    assert.equal(decodeTensor("F16", bytesOf(0, 0x3e)), Float32Array.of(1.5));
    assert.equal(decodeTensor("BF16", bytesOf(0xc0, 0x3f)), Float32Array.of(1.5));
    assert.equal(decodeTensor("F64", bytesOf(0, 0, 0, 0, 0, 0, 0xf8, 0x3f)), Float64Array.of(1.5));
    assert.equal(decodeTensor("I16", bytesOf(0xfe, 0xff)), Int16Array.of(-2));
    assert.equal(decodeTensor("U16", bytesOf(0xfe, 0xff)), Uint16Array.of(65534));
    assert.equal(decodeTensor("I32", bytesOf(1, 1, 0, 0)), Int32Array.of(257));
    assert.equal(decodeTensor("U32", bytesOf(255, 255, 255, 255)), Uint32Array.of(4294967295));
    assert.equal(decodeTensor("I64", bytesOf(255, 255, 255, 255, 255, 255, 255, 255)), BigInt64Array.of(-1n));
    assert.equal(decodeTensor("U64", bytesOf(1, 0, 0, 0, 0, 0, 0, 0)), BigUint64Array.of(1n));
    assert.equal(decodeTensor("I8", bytesOf(255)), Int8Array.of(-1));
    assert.equal(decodeTensor("U8", bytesOf(255)), Uint8Array.of(255));
    assert.equal(decodeTensor("BOOL", bytesOf(1, 0)), Uint8Array.of(1, 0));
  });

  test("encodes a view into a larger buffer by its own range", () => {
    const data = Float32Array.of(1, 2, 3, 4).subarray(1, 3);
    const { dtype, bytes } = encodeTensor("here", { shape: [2], data });
    assert.is(dtype, "F32");
    assert.equal(decodeTensor("F32", Uint8Array.from(bytes)), Float32Array.of(2, 3));
  });

  test("refuses conversions that would change the meaning", () => {
    const refused: readonly WritableTensor[] = [
      { shape: [1], data: Float32Array.of(1), dtype: "I32" },
      { shape: [1], data: Float64Array.of(1), dtype: "F16" },
      { shape: [1], data: Int32Array.of(1), dtype: "U32" },
      { shape: [1], data: Int8Array.of(1), dtype: "BOOL" },
      { shape: [], data: new Float32Array(0) },
      { shape: [2], data: new Float32Array(1) },
    ];
    for (const tensor of refused) {
      const error = throwsWith("SAFETENSORS_CORRUPT", () => encodeTensor("file x, tensor y", tensor));
      assert.is(error.where, "file x, tensor y");
    }
    assert.is(encodeTensor("here", { shape: [1], data: Uint8Array.of(1), dtype: "BOOL" }).dtype, "BOOL");
  });
});
