/** How a network is trained, as values: learning rate, augmentation, loss and regularisation. */
package org.codanet.recipe;
