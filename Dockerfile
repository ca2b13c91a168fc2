# One controller. Which one, and who its peers are, comes from the environment: see docker-compose.yml.
FROM node:24-slim

WORKDIR /opt/memchorus

# The dependencies change more rarely than the source, so they are a layer of their own. Their scripts are not
# run: the only one fetches a Node.js, and this image is one.
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund && npm cache clean --force

COPY main.ts config.ini ./
COPY src ./src

USER node
ENV NODE_ENV=production MEMCHORUS_LOG_FILE=-
EXPOSE 8000

# The controller itself answers: which one it is, on the address that its peers know.
HEALTHCHECK --interval=2s --timeout=3s --start-period=10s --retries=5 \
  CMD ["node", "main.ts", "-cli", "who"]

# SIGTERM goes to the controller itself; run with an init (`init: true`) that reaps what it leaves.
CMD ["node", "main.ts"]
