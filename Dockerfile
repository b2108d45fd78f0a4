# The node and the `countermark` command, for docker-compose.yml.
FROM python:3.13.14-slim AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY core core
COPY wallet wallet
COPY scanner scanner
COPY node node
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:3.13.14-slim
# pyzbar reads codes with it.
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends libzbar0 \
    && rm -rf /var/lib/apt/lists/*
COPY constraints.txt /constraints.txt
COPY --from=build /wheels /wheels
RUN pip install --no-cache-dir --no-compile --constraint /constraints.txt /wheels/countermark-*.whl \
    && useradd --uid 1000 --create-home countermark
USER 1000:1000
WORKDIR /home/countermark
# Python writes no caches into an image that nobody can write to.
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
EXPOSE 8750
ENTRYPOINT ["countermark"]
CMD ["node", "serve"]
