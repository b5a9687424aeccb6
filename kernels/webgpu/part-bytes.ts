/** Memory for the pre-activations of a part of a batch. A data-centre card's cache holds it. */
export const partBytes = 32 * 2 ** 20;
