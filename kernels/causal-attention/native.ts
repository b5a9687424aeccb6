/** Causal attention on the native device is the composition: it has tfjs' products, softmax and layout in C++. */
export { causalAttentionReference as causalAttentionNative } from "./reference.ts";
