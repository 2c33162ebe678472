/**
 * Explanations as a service: many threads ask, one submission thread for each device answers in batches. Start with {@link
 * org.codanet.service.ExplanationService}.
 *
 * <pre>
 *   caller          ExplanationService.submit      admits the call to the bounded queue of its model, or refuses it
 *   decode pool     ServiceImage                   decodes and prepares the picture
 *   CallQueue                                      holds admitted calls in order; a call leaves it when it is taken, cancelled or expired
 *   DeviceWorker    BatchRunner, Explainer         takes the oldest call and others of the same {@link org.codanet.service.BatchKind kind}, and explains them
 *   virtual thread  ExplanationResult              checks the identity and completes the future of one call
 * </pre>
 *
 * <p>Each call is answered exactly once: {@code Call} lets the first of result, refusal, deadline and cancellation through, removes the
 * call from the queue, counts it, and then completes the future. Lengths and counts are sizes of collections; nothing is counted up and
 * down.
 *
 * <p>A batch has one kind: one class of each image, of which each is named or predicted; k ranked classes; or k named classes. Calls of
 * other kinds stay in the queue and make the next batch. Mixing kinds in one pass would change the number of targets of some calls, and
 * with it the last bits of their results.
 */
package org.codanet.service;
